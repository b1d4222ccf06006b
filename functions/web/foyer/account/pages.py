"""The pages of /account, in one language. Words are keys of texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from markupsafe import Markup

from .forms import Forms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..cognito.user_api import User
    from ..http_api import Response
    from ..pages import Pages
    from ..sessions.keeper import Listed

# Ids, which mean nothing to people, and attributes that have their own row.
_NOT_SHOWN = ("sub", "identities", "name", "email", "email_verified")

# Characters. A longer one has modules too small for the camera of a phone.
_MOST_IN_QR_CODE = 800

_RULES = {
    "length": "password_rule_length",
    "lowercase": "password_rule_lowercase",
    "uppercase": "password_rule_uppercase",
    "number": "password_rule_number",
    "symbol": "password_rule_symbol",
}
_NEEDS = {
    "length": "password_needs_length",
    "uppercase": "password_needs_uppercase",
    "lowercase": "password_needs_lowercase",
    "number": "password_needs_number",
    "symbol": "password_needs_symbol",
}


class AccountPages:
    """The pages of /account in one language."""

    def __init__(self, pages: Pages, *, username: str) -> None:
        self._pages = pages
        self._username = username
        self._text = pages.text
        self._forms = Forms(pages)
        self.brand_name = pages.brand_name

    def overview(
        self,
        user: User,
        *,
        notice: str | None,
        has_password: bool,
        sessions: Sequence[Listed],
        cookies: tuple[str, ...],
    ) -> Response:
        said = self._pages.fill("notice", notice=self._text[notice]) if notice else ""
        rows = Markup().join(self._security(user)) if has_password else ""
        return self._forms.show(
            "account/overview",
            "account",
            cookies=cookies,
            notice=said,
            profile=Markup().join(self._profile(user)),
            security=self._pages.fill("account/security", rows=rows),
            devices=self._devices(sessions) if sessions else "",
        )

    def _devices(self, sessions: Sequence[Listed]) -> Markup:
        rows = Markup().join(map(self._device, sessions))
        has_others = any(not each.is_this for each in sessions)
        others = self._pages.fill("account/other_devices") if has_others else ""
        return self._pages.fill("account/devices", rows=rows, others=others)

    def _device(self, session: Listed) -> Markup:
        device = session.device or self._text["unknown_device"]
        times = self._text["session_times"].format(
            signed_in=_minute(session.signed_in_at), seen=_minute(session.seen_at)
        )
        if session.is_this:
            here = self._text["this_device"].format(device=device)
            return self._pages.fill("account/device", device=here, times=times, end="")
        end = self._pages.fill("account/end_device", key=session.key, device=device)
        return self._pages.fill("account/device", device=device, times=times, end=end)

    def _profile(self, user: User) -> Iterator[Markup]:
        attributes = user.attributes
        yield self._row("name", attributes.get("name", ""), ("name", "change_name"))
        email = attributes.get("email", "")
        if email and attributes.get("email_verified") != "true":
            email = self._text["email_not_verified"].format(email=email)
        yield self._row("email", email)
        yield self._row("user_name", user.username)
        for name in sorted(set(attributes) - set(_NOT_SHOWN)):
            term = name.removeprefix("custom:")
            yield self._pages.fill("detail", term=term, value=attributes[name])

    def _security(self, user: User) -> Iterator[Markup]:
        yield self._row("password", "••••••••", ("password", "change_password"))
        if user.has_authenticator:
            links = ("authenticator", "set_up_another"), ("authenticator/off", "turn_off")
            yield self._row("second_step", self._text["on_with_app"], *links)
        else:
            yield self._row("second_step", self._text["off"], ("authenticator", "set_up"))

    def _row(self, term: str, value: str, *links: tuple[str, str]) -> Markup:
        """Each link has a path below /account and the key of its text."""
        shown = Markup().join(
            self._pages.fill(
                "account/link", path=path, label=self._text[label], term=self._text[term]
            )
            for path, label in links
        )
        listed = self._pages.fill("account/links", links=shown) if shown else ""
        return self._pages.fill("account/row", term=self._text[term], value=value, links=listed)

    def name(self, name: str, *, problem: str = "") -> Response:
        field = self._forms.field("name", "name", problem, value=name, autocomplete="name")
        return self._forms.page(
            "change_name", "name", "save", fields=field, has_problem=bool(problem)
        )

    def password(
        self,
        rules: Mapping[str, int],
        problems: Mapping[str, str] | None = None,
        *,
        broken: tuple[str, ...] = (),
    ) -> Response:
        """``problems`` are texts by field; ``broken`` are the rules that the new password breaks.

        ``rules`` are all rules with the minimum of each, empty if unknown.
        """
        problems = problems or {}
        fields = self._forms.field(
            "current",
            "current_password",
            problems.get("current", ""),
            kind="password",
            autocomplete="current-password",
        ) + self._forms.field(
            "new",
            "new_password",
            problems.get("new", ""),
            more=tuple(_NEEDS[rule] for rule in broken),
            kind="password",
            autocomplete="new-password",
            hint="" if rules else "new_password_hint",
            rules=[self._text[_RULES[rule]].format(least=least) for rule, least in rules.items()],
        )
        return self._forms.page(
            "change_password",
            "password",
            "save",
            fields=fields,
            has_problem=bool(problems),
            username=self._username,
        )

    def authenticator_start(self, *, problem: str = "") -> Response:
        return self._forms.page(
            "set_up_app", "authenticator", "continue", lead="set_up_app_lead", problem=problem
        )

    def authenticator(
        self, *, key_uri: str, secret: str, replaces: bool, problem: str = ""
    ) -> Response:
        warning = self._pages.fill("account/warning", warning=self._text["set_up_replaces"])
        code = self._forms.field(
            "code",
            "code_from_app",
            problem,
            autocomplete="one-time-code",
            inputmode="numeric",
            has_focus=True,
        )
        groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return self._forms.show(
            "account/authenticator",
            "set_up_app",
            has_problem=bool(problem),
            warning=warning if replaces else "",
            picture=self._qr_code(key_uri),
            key_uri=key_uri,
            secret=groups,
            code=code,
        )

    def _qr_code(self, key_uri: str) -> Markup | str:
        if len(key_uri) > _MOST_IN_QR_CODE:
            return ""
        import segno  # noqa: PLC0415 - a cold start should not pay for this one page

        source = segno.make(key_uri).svg_data_uri(border=4, light="#fff", dark="#000")
        return self._pages.fill("account/qr_code", source=source)

    def authenticator_off(self, *, problem: str = "") -> Response:
        return self._forms.page(
            "turn_off_app", "authenticator/off", "turn_off", lead="turn_off_lead", problem=problem
        )

    def everywhere(self, *, at_once: bool) -> Response:
        return self._forms.page(
            "sign_out_everywhere",
            "sign-out-everywhere",
            "sign_out_everywhere",
            lead="sign_out_everywhere_at_once_lead" if at_once else "sign_out_everywhere_lead",
        )

    def deletion(self, typed: str = "", *, problem: str = "") -> Response:
        field = self._forms.field(
            "username", "confirm_with_username", problem, value=typed, autocomplete="off"
        )
        return self._forms.page(
            "delete_account",
            "delete",
            "delete_account",
            lead="delete_account_lead",
            fields=field,
            has_problem=bool(problem),
            is_dangerous=True,
        )


def _minute(seconds: int) -> str:
    """A time that reads the same in every language."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
