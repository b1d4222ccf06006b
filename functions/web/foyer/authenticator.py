"""An authenticator app (TOTP, RFC 6238) as second factor: /account/authenticator.

Cognito makes the secret. Between showing it and the first code it stays in a sealed cookie, for ten
minutes, so that it is in no address and no log, and a reload shows the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from . import forms, notice
from .account_access import changed
from .errors import Refused, SealBroken
from .http_api import redirect

if TYPE_CHECKING:
    from .account_access import Member
    from .http_api import Request, Response
    from .parts import Foyer

COOKIE = "foyer-authenticator"
LIFETIME = 600  # seconds
_PURPOSE = "authenticator 1"  # count up when the fields change
_PAGE = "/account/authenticator"

_CODE = re.compile(r"[0-9]{6}")
_MAX_TYPED = 64


@dataclass(frozen=True)
class SetUp:
    """A set-up under way, for the user with this ``sub`` alone.

    ``replaces``: an app was set up before, which may no longer be asked for until this is finished.
    """

    subject: str
    secret: str = field(repr=False)
    replaces: bool

    def key_uri(self, issuer: str, username: str) -> str:
        """https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
        query = urlencode({"secret": self.secret, "issuer": issuer}, quote_via=quote)
        return f"otpauth://totp/{quote(issuer, safe='')}:{quote(username, safe='')}?{query}"


def set_up_page(foyer: Foyer, request: Request, member: Member) -> Response:
    """The secret, when a set-up is under way; else what it is about, with a button."""
    set_up = _under_way(foyer, request, member)
    return _show(member, set_up) if set_up else member.pages.authenticator_start()


def begin(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    """A new secret. A GET would not do: it may end what an earlier app was good for."""
    user = member.api.user(member.token, deadline=member.deadline)
    try:
        secret = member.api.new_authenticator(member.token, deadline=member.deadline)
    except Refused as error:
        foyer.log.info("account_refused", kind="authenticator_on", reason=error.reason)
        if error.error not in ("no_authenticator", "invalid_parameter"):
            raise
        return member.pages.authenticator_start(problem="authenticator_not_offered")
    set_up = SetUp(member.session.subject, secret, user.has_authenticator)
    sealed = foyer.secrets.credentials().key_ring.seal(
        json.dumps(asdict(set_up)).encode(),
        purpose=_PURPOSE,
        expires_at=int(foyer.now()) + LIFETIME,
    )
    line = foyer.cookie_style.set(COOKIE, sealed, max_age=LIFETIME)
    return redirect(_PAGE, status=303, cookies=(line,))


def finish(foyer: Foyer, request: Request, member: Member) -> Response:
    """The first code proves that the app has the secret."""
    set_up = _under_way(foyer, request, member)
    if set_up is None:
        return member.pages.authenticator_start(problem="authenticator_too_late")
    code = "".join(forms.read(request, code=_MAX_TYPED)["code"].split())
    if not _CODE.fullmatch(code):
        return _show(member, set_up, problem="code_missing")
    try:
        member.api.turn_authenticator_on(member.token, code, deadline=member.deadline)
    except Refused as error:
        foyer.log.info("account_refused", kind="authenticator_on", reason=error.reason)
        if error.error not in ("code_mismatch", "invalid_parameter"):
            raise
        return _show(member, set_up, problem="code_wrong")
    return _done(foyer, "authenticator_on", "authenticator_was_turned_on")


def turn_off_page(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    return member.pages.authenticator_off()


def turn_off(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    """Where the pool asks everybody for a second factor, Cognito refuses."""
    try:
        member.api.turn_authenticator_off(member.token, deadline=member.deadline)
    except Refused as error:
        foyer.log.info("account_refused", kind="authenticator_off", reason=error.reason)
        if error.error != "invalid_parameter":
            raise
        return member.pages.authenticator_off(problem="authenticator_demanded")
    return _done(foyer, "authenticator_off", "authenticator_was_turned_off")


def _under_way(foyer: Foyer, request: Request, member: Member) -> SetUp | None:
    sealed = request.cookies.get(foyer.cookie_style.name(COOKIE))
    if sealed is None:
        return None
    try:
        opened = foyer.secrets.use(
            lambda credentials: credentials.key_ring.open(sealed, purpose=_PURPOSE, now=foyer.now())
        )
    except SealBroken as error:
        foyer.log.info("authenticator_not_usable", reason=str(error))
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


def _done(foyer: Foyer, kind: str, say: str) -> Response:
    changed(foyer, kind)
    style = foyer.cookie_style
    cookies = (notice.leave(say, style=style), style.clear(COOKIE))
    return redirect("/account", status=303, cookies=cookies)
