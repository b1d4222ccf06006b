"""An authenticator app (TOTP, RFC 6238) as second factor: /account/authenticator.

Cognito makes the secret. Until the first code arrives, a sealed cookie keeps it for ten minutes, so
that it is in no URL and no log, and a reload shows the same page.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from .. import flash, forms
from ..errors import Refused, SealBroken
from ..http_api import redirect
from .members import record_change, record_refusal

if TYPE_CHECKING:
    from ..http_api import Request, Response
    from ..services import Services
    from .members import Member

COOKIE = "foyer-authenticator"
LIFETIME = 600  # seconds
_PURPOSE = "authenticator 1"  # count up when the fields change
_PAGE = "/account/authenticator"

_CODE = re.compile(r"[0-9]{6}")
_MAX_TYPED = 64


@dataclass(frozen=True)
class SetUp:
    """A set-up that has started, for the user with this ``sub``.

    ``replaces``: another app was set up before; sign-in may not ask for it until this is finished.
    """

    subject: str
    secret: str = field(repr=False)
    replaces: bool

    def key_uri(self, issuer: str, username: str) -> str:
        """https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
        query = urlencode({"secret": self.secret, "issuer": issuer}, quote_via=quote)
        return f"otpauth://totp/{quote(issuer, safe='')}:{quote(username, safe='')}?{query}"


def set_up_page(services: Services, request: Request, member: Member) -> Response:
    """The secret once a set-up has started; before that, an explanation and a button."""
    set_up = _under_way(services, request, member)
    return _show(member, set_up) if set_up else member.pages.authenticator_start()


def begin(services: Services, _request: Request, member: Member) -> Response:
    """A new secret. Not a GET, because an earlier app may stop working."""
    user = member.api.user(member.token, deadline=member.deadline)
    try:
        secret = member.api.new_authenticator(member.token, deadline=member.deadline)
    except Refused as error:
        record_refusal(services, member, "authenticator_on", error)
        if error.error not in ("no_authenticator", "invalid_parameter"):
            raise
        return member.pages.authenticator_start(problem="authenticator_not_offered")
    set_up = SetUp(member.session.subject, secret, user.has_authenticator)
    sealed = services.secrets.credentials().key_ring.seal(
        json.dumps(asdict(set_up)).encode(),
        purpose=_PURPOSE,
        cookie=services.style.name(COOKIE),
        expires_at=int(services.clocks.now()) + LIFETIME,
    )
    line = services.style.line(COOKIE, sealed, max_age=LIFETIME)
    return redirect(_PAGE, status=303, cookies=(line,))


def finish(services: Services, request: Request, member: Member) -> Response:
    """The first code proves that the app has the secret."""
    set_up = _under_way(services, request, member)
    if set_up is None:
        return member.pages.authenticator_start(problem="authenticator_too_late")
    typed = "".join(forms.read(request, code=_MAX_TYPED)["code"].split())
    code = unicodedata.normalize("NFKC", typed)  # Japanese keyboards may type wide digits
    if not _CODE.fullmatch(code):
        return _show(member, set_up, problem="code_missing")
    try:
        member.api.turn_authenticator_on(member.token, code, deadline=member.deadline)
    except Refused as error:
        record_refusal(services, member, "authenticator_on", error)
        if error.error not in ("code_mismatch", "invalid_parameter"):
            raise
        return _show(member, set_up, problem="code_wrong")
    return _done(services, member, "authenticator_on", "authenticator_was_turned_on")


def turn_off_page(_services: Services, _request: Request, member: Member) -> Response:
    return member.pages.authenticator_off()


def turn_off(services: Services, _request: Request, member: Member) -> Response:
    """Cognito refuses when the pool requires a second factor."""
    try:
        member.api.turn_authenticator_off(member.token, deadline=member.deadline)
    except Refused as error:
        record_refusal(services, member, "authenticator_off", error)
        if error.error != "invalid_parameter":
            raise
        return member.pages.authenticator_off(problem="authenticator_demanded")
    return _done(services, member, "authenticator_off", "authenticator_was_turned_off")


def _under_way(services: Services, request: Request, member: Member) -> SetUp | None:
    name = services.style.name(COOKIE)
    sealed = request.cookies.get(name)
    if sealed is None:
        return None
    try:
        opened = services.secrets.use(
            lambda credentials: credentials.key_ring.open(
                sealed, purpose=_PURPOSE, cookie=name, now=services.clocks.now()
            )
        )
    except SealBroken as error:
        services.log.info("authenticator_not_usable", reason=str(error))
        return None
    set_up = SetUp(**json.loads(opened))
    return set_up if set_up.subject == member.session.subject else None


def _show(member: Member, set_up: SetUp, *, problem: str = "") -> Response:
    username = str(member.claims.get("cognito:username", ""))
    return member.pages.authenticator(
        key_uri=set_up.key_uri(member.pages.brand_name, username),
        secret=set_up.secret,
        replaces=set_up.replaces,
        problem=problem,
    )


def _done(services: Services, member: Member, kind: str, say: str) -> Response:
    record_change(services, member, kind)
    style = services.style
    cookies = (flash.leave(say, style=style), style.clear(COOKIE))
    return redirect("/account", status=303, cookies=cookies)
