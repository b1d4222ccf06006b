"""/mfa and /mfa/setup: the code of an authenticator app (TOTP, RFC 6238)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import segno
from foyer.account.authenticator import SetUp
from starlette.responses import Response

from local.managed_login.admission import complete
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected
from local.managed_login.incoming import Incoming
from local.managed_login.pages import code_field
from local.managed_login.site import Site
from local.managed_login.visits import AnswerTotp, EnrolTotp, Session

_CODE = re.compile(r"[0-9]{6}")
_WRONG_CODES = ("CodeMismatchException", "EnableSoftwareTokenMFAException", "ExpiredCodeException")


def challenge_page(site: Site, incoming: Incoming) -> Response:
    """GET /mfa."""
    request = site.authorization(incoming)
    site.step(incoming, AnswerTotp)
    return _show_challenge(site, incoming, request)


def answer_challenge(site: Site, incoming: Incoming) -> Response:
    """POST /mfa. Requests the authorization code only after the second factor was checked."""
    request = site.authorization(incoming)
    step = site.step(incoming, AnswerTotp)
    attempt = ("totp", step.username)
    if site.attempts.is_locked(attempt):
        return _show_challenge(site, incoming, request, incoming.say("too_many_app_codes"))
    if not _is_right(incoming.code, partial(site.accounts.answer_totp, step.username)):
        site.attempts.failed(attempt)
        return _show_challenge(site, incoming, request, incoming.say("wrong_app_code"))
    site.attempts.succeeded(attempt)
    incoming.visit.end(incoming.query["step"])
    return complete(site, request, Session(step.username, step.password))


def enrolment_page(site: Site, incoming: Incoming) -> Response:
    """GET /mfa/setup."""
    request = site.authorization(incoming)
    return _show_enrolment(site, incoming, request, site.step(incoming, EnrolTotp))


def enrol(site: Site, incoming: Incoming) -> Response:
    """POST /mfa/setup: the first code proves that the app has the secret."""
    request = site.authorization(incoming)
    step = site.step(incoming, EnrolTotp)
    if not _is_right(incoming.code, partial(site.accounts.enrol_totp, step.access_token)):
        return _show_enrolment(site, incoming, request, step, incoming.say("wrong_app_code"))
    incoming.visit.end(incoming.query["step"])
    return complete(site, request, Session(step.username, step.password))


def _is_right(code: str, check: Callable[[str], None]) -> bool:
    """The result of ``check``; the API accepts only six digits."""
    if not _CODE.fullmatch(code):
        return False
    try:
        check(code)
    except Rejected as rejected:
        if rejected.code not in _WRONG_CODES:
            raise
        return False
    return True


def _show_challenge(
    site: Site, incoming: Incoming, request: AuthorizationRequest, problem: str = ""
) -> Response:
    fields = [code_field(incoming.say("code"), problem)]
    return site.show_form("mfa.html", incoming, request, fields)


def _show_enrolment(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    step: EnrolTotp,
    problem: str = "",
) -> Response:
    set_up = SetUp(subject="", secret=step.totp_secret, replaces=False)
    image = segno.make(set_up.key_uri(site.settings.brand_name, step.username))
    groups = [step.totp_secret[i : i + 4] for i in range(0, len(step.totp_secret), 4)]
    return site.show_form(
        "mfa_setup.html",
        incoming,
        request,
        [code_field(incoming.say("app_code"), problem)],
        qr_code=image.svg_data_uri(border=3, light="#fff", dark="#000"),
        secret=" ".join(groups),
    )
