"""Every page in every state, as HTML: those of a running stack, and those that it does not show."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import segno
from aws_lambda_powertools import Logger
from foyer import login, problems
from foyer.account.pages import AccountPages
from foyer.cognito.user_api import User
from foyer.errors import (
    AccessDenied,
    BadGateway,
    BadRequest,
    EntryRefused,
    GatewayTimeout,
    SignInAgain,
    Unavailable,
)
from foyer.http_api import Request
from foyer.pages import Brand, Pages
from foyer.route import Route
from foyer.sessions.keeper import Listed
from playwright.sync_api import ViewportSize

from local.managed_login.language import ENGLISH, LANGUAGES
from local.managed_login.pages import Pages as ManagedLoginPages
from local.managed_login.pages import code_field
from local.managed_login.settings import ManagedLogin
from tests.authenticator import digits, wrong
from tests.browser.people import Account, Directory
from tests.http_visitor import HttpVisitor
from tests.running_stack import RunningStack

# Called with the name of a page and its state, and with the HTML.
Look = Callable[[str, str], None]

# In CSS pixels; also what a screen of 640 shows at 200 % (WCAG 2.2, 1.4.10 Reflow).
PHONE: ViewportSize = {"width": 320, "height": 640}

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of Llanfairpwllgwyngyll"
RIGHT_TO_LEFT_NAME = "דנה בן־דוד"
NEW_PASSWORD = "Difference-Engine-1822"

# Name, colour and logo of another brand.
_CORNER_SHOP = (
    "Corner Shop",
    "#7a3b69",
    base64.b64encode(
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 36"><path fill="#7a3b69" d="M4 14'
        b' 12 2h48l8 12z"/><path fill="#c98bb9" d="M10 16h52v18H10z"/></svg>'
    ).decode(),
)

_BRANDS = {"yellow": "#ffdd00", "red": "#d90429", "near-black": "#0b0b0c"}

_ENTRY_REFUSED = EntryRefused(
    "entry_group", account="ada@example.com", subject="", return_to="/notes"
)

# One for each sentence of problems.py; most come up only while Cognito or the secret is missing.
_FAULTS: dict[str, Exception] = {
    "bad request": BadRequest("state_unknown"),
    "access denied": AccessDenied("access_denied"),
    "entry refused": _ENTRY_REFUSED,
    "entry refused long": EntryRefused(
        "entry_email_unverified",
        account=f"{'wolfeschlegelsteinhausenbergerdorff.' * 3}{'x' * 80}@example.com",
        subject="",
        return_to="/",
    ),
    "our mistake": RuntimeError(),
    "bad gateway": BadGateway("token_answer_malformed"),
    "unavailable": Unavailable("secret_unavailable"),
    "time-out": GatewayTimeout("token_timeout"),
    "sign-out incomplete": BadGateway("sign_out_incomplete"),
    "cross-site sign-out": BadRequest("cross_site_post"),
}
_ACCOUNT_FAULTS: dict[str, Exception] = {
    "problem 400": BadRequest("form_malformed"),
    "problem 502": BadGateway("user_api_failed"),
    "problem 503": Unavailable("busy"),
    "sign-in again": SignInAgain("sign_in_not_recent", with_password=True),
}


class _Walker(HttpVisitor):
    """Shows the pages that it visits."""

    def __init__(self, stack: RunningStack, look: Look) -> None:
        super().__init__(stack.app)
        self.stack = stack
        self._look = look

    def shows(self, name: str, text: str = "") -> None:
        """``text`` is what the page says in this state."""
        assert text in self.page.text
        self._look(name, self.answer.text)

    def visit(self, path: str) -> None:
        self.open(f"{self.stack.app}{path}")

    def begin_sign_in(self) -> None:
        self.visit("/")
        self.follow("Sign in")

    def fill_in_sign_up(self, account: Account, password: str) -> None:
        self.press(
            "Create account",
            username=account.username,
            email=account.email,
            name=account.name,
            password=password,
            repeated=password,
        )

    def choose_password(self, code: str) -> None:
        self.press("Change password", code=code, password=NEW_PASSWORD, repeated=NEW_PASSWORD)

    def mailed_code(self, address: str) -> str:
        mails = self.http.get(f"{self.stack.login}/inbox.json", timeout=30).json()
        return next(str(mail["code"]) for mail in mails if mail["to"] == address)


def walk(stack: RunningStack, look: Look) -> None:
    """Every page in English."""
    visitor = _Walker(stack, look)
    newcomer = Account.of_somebody_new()
    _sign_up(visitor, newcomer)
    _account(visitor)
    secret = _authenticator(visitor)
    _leave(visitor, newcomer)
    _second_factor(visitor, newcomer, secret)
    forgetful = Directory(stack).add(LONG_NAME)
    _recovery(visitor, forgetful)
    _temporary_password(visitor, forgetful)
    _errors(visitor)
    for name, page in _shown_without_stack(stack):
        look(name, page)


def walk_languages(stack: RunningStack, look: Look) -> None:
    """The pages with the most text, in every language."""
    visitor = _Walker(stack, look)
    for language in LANGUAGES.values():
        tag = language.tag
        pages = Pages(Brand("Foyer", "#3d5a80"), tag)
        look(f"landing session ended {tag}", pages.landing(notice=pages.text["session_ended"]))
        claims = {"name": "Ada Lovelace", "email": "ada@example.com", "cognito:username": "ada"}
        look(f"welcome {tag}", pages.welcome(claims))
        look(f"entry refused {tag}", _problem_page(pages, _ENTRY_REFUSED))
        look(f"problem {tag}", _problem_page(pages, BadRequest("state_unknown")))
        look(f"account devices {tag}", account_with_devices(pages))
        visitor.visit(f"/signup?lang={tag}")
        visitor.press(language.say("sign_up"), username="ada", email="ada", password="short")
        visitor.shows(f"sign-up mistakes {tag}", language.say("enter_email"))
        visitor.visit("/login")  # the language is kept
        visitor.shows(f"sign-in {tag}", language.say("sign_in"))


def _sign_up(visitor: _Walker, account: Account) -> None:
    visitor.visit("/")
    visitor.shows("landing")
    visitor._look("landing languages", visitor.answer.text.replace("<details", "<details open"))
    visitor.follow("Create account")
    visitor.shows("sign-up", "Create an account")
    visitor.press("Create account")
    visitor.shows("sign-up nothing entered", "Please check:")
    visitor.fill_in_sign_up(account, "short")
    visitor.shows("sign-up weak password", "Use at least")
    visitor.fill_in_sign_up(account, account.password)
    visitor.shows("confirm", "Confirm your e-mail address")
    code = visitor.mailed_code(account.email)
    visitor.press("Confirm", code=wrong(code))
    visitor.shows("confirm wrong code", "That code is incorrect.")
    visitor.open(f"{visitor.stack.login}/inbox")
    visitor.shows("inbox", code)
    visitor.follow("Enter the code")
    visitor.press("Confirm", code=code)
    visitor.shows("sign-in confirmed", "Your e-mail address is confirmed.")
    visitor.press("Sign in", username=account.username, password=account.password)
    visitor.shows("welcome", account.email)


def _account(visitor: _Walker) -> None:
    visitor.follow("Your account")
    visitor.shows("account")
    visitor.visit("/account/name")
    visitor.shows("change name", "Change name")
    visitor.press("Save", name="")
    visitor.shows("change name nothing entered", "Enter a name.")
    visitor.visit("/account/password")
    visitor.shows("change password", "Current password")
    visitor.press("Save", current=Account.password, new="short")
    visitor.shows("change password weak", "That password is too weak.")
    visitor.visit("/account/sign-out-everywhere")
    visitor.shows("sign-out everywhere", "Sign out everywhere")
    visitor.visit("/account/delete")
    visitor.shows("delete account", "To confirm")
    visitor.press("Delete account", username="somebody else")
    visitor.shows("delete account wrong name", "That is not your user name or e-mail address.")


def _authenticator(visitor: _Walker) -> str:
    """Returns the secret of the app that is set up."""
    visitor.visit("/account/authenticator")
    visitor.shows("account authenticator")
    visitor.press("Continue")
    visitor.shows("account authenticator set-up", "Scan this")
    secret = visitor.page.by_id("key").replace(" ", "")
    visitor.press("Finish", code=wrong(digits(secret)))
    visitor.shows("account authenticator set-up wrong code", "That code is incorrect.")
    visitor.press("Finish", code=digits(secret))
    visitor.shows("account two steps", "Two-step sign-in is on")
    visitor.visit("/account/authenticator/off")
    visitor.shows("account two steps off", "Turn off")
    visitor.visit("/account/authenticator")
    visitor.press("Continue")
    visitor.shows("account authenticator replaced", "Please complete the set-up")
    return secret


def _leave(visitor: _Walker, account: Account) -> None:
    visitor.visit("/logout")
    visitor.shows("sign-out", "Sign out?")
    visitor.press("Sign out")
    visitor.begin_sign_in()
    visitor.shows("sign-in", "Forgot your password?")
    visitor.press("Sign in")
    visitor.shows("sign-in nothing entered", "Please check:")
    visitor.press("Sign in", username=account.username, password="not-the-Password-1")
    visitor.shows("sign-in wrong password", "Incorrect username or password.")


def _second_factor(visitor: _Walker, account: Account, secret: str) -> None:
    visitor.press("Sign in", username=account.username, password=account.password)
    visitor.shows("second step", "Enter the code")
    visitor.press("Continue", code=wrong(digits(secret)))
    visitor.shows("second step wrong code", "That code is incorrect.")


def _recovery(visitor: _Walker, account: Account) -> None:
    visitor.begin_sign_in()
    visitor.follow("Forgot your password?")
    visitor.shows("forgot", "Forgot your password?")
    visitor.press("Send the code")
    visitor.shows("forgot nothing entered", "Enter your user name")
    visitor.press("Send the code", username=account.username)
    visitor.shows("reset", "Choose a new password")
    visitor.choose_password(wrong(visitor.mailed_code(account.email)))
    visitor.shows("reset wrong code", "That code is incorrect.")
    visitor.press("Send a new code")
    visitor.shows("reset new code", "We have sent a new code.")
    visitor.choose_password(visitor.mailed_code(account.email))
    visitor.shows("sign-in reset", "Your password has been changed.")


def _temporary_password(visitor: _Walker, account: Account) -> None:
    visitor.open(f"{visitor.stack.login}/users")
    visitor.shows("users")
    username = account.username
    visitor.press("Disable", username=username, action="disable")
    visitor.shows("users somebody disabled", "Disabled")
    visitor.press("Enable", username=username, action="enable")
    visitor.press("Require new password", username=username, action="require-new-password")
    visitor.shows("users temporary password", "The temporary password is")
    temporary = visitor.page.by_id("temporary-password")
    visitor.begin_sign_in()
    visitor.press("Sign in", username=username, password=temporary)
    visitor.shows("new password", "Choose your own password")
    visitor.press("Save and continue", password=NEW_PASSWORD, repeated="another-Password-1")
    visitor.shows("new password not the same twice", "The passwords do not match.")


def _errors(visitor: _Walker) -> None:
    visitor.open(f"{visitor.stack.login}/oauth2/authorize?client_id=1example23456789")
    visitor.shows("managed login error")
    visitor.begin_sign_in()
    visitor.press("Sign in", csrf="made-up")
    visitor.shows("managed login error foreign form", "This form was not sent from this page")


def _shown_without_stack(stack: RunningStack) -> Iterator[tuple[str, str]]:
    """Pages that a working stack does not show, or not at once, rendered directly."""
    pages = Pages(Brand("Foyer", "#3d5a80"), "en")
    text = pages.text
    for name, fault in _FAULTS.items():
        yield f"problem {name}", _problem_page(pages, fault)
    yield "problem not found", problems.not_found(_request("/callback"), pages).body
    for name, notice in {
        "session ended": text["session_ended"],
        "session may be copied": text["session_ended"] + " " + text["session_may_be_copied"],
        "account deleted": text["account_was_deleted"],
    }.items():
        yield f"landing {name}", pages.landing(notice=notice)
    for name, color in _BRANDS.items():
        brand = Pages(Brand("Foyer", color), "en")
        yield f"landing {name} brand", brand.landing(notice=text["you_are_signed_out"])
    yield "landing logo", Pages(Brand(*_CORNER_SHOP), "en").landing()
    known: dict[str, dict[str, object]] = {
        "nothing known": {},
        "e-mail not verified": {"name": "Ada", "email": "ada@example.com"},
        "long name": {"name": LONG_NAME, "email": "ada@example.com", "email_verified": True},
        "right-to-left name": {"name": RIGHT_TO_LEFT_NAME, "email": "ada@example.com"},
    }
    for name, claims in known.items():
        yield f"welcome {name}", pages.welcome(claims, has_account_page=True)
    yield "welcome offers to end copies", pages.welcome({}, offers_to_end_copies=True)
    yield from _account_without_stack(pages)
    yield from _managed_login_without_stack(stack)


def _account_without_stack(pages: Pages) -> Iterator[tuple[str, str]]:
    account, route = AccountPages(pages, username="ada"), Route(login.callback, is_account=True)
    for name, fault in _ACCOUNT_FAULTS.items():
        yield f"account {name}", _problem_page(pages, fault, route)
    yield "account devices", account_with_devices(pages)
    too_late = account.authenticator_start(problem="authenticator_too_late")
    yield "account authenticator too late", too_late.body
    demanded = account.authenticator_off(problem="authenticator_demanded")
    yield "account two steps demanded", demanded.body


def _managed_login_without_stack(stack: RunningStack) -> Iterator[tuple[str, str]]:
    def shown(
        page: str, name: str = "Foyer", color: str = "", logo: str = "", **values: Any
    ) -> str:
        settings = ManagedLogin(
            stack.aws, "", "", stack.login, stack.app, name, color, logo, token_keys=Path()
        )
        answer = ManagedLoginPages(settings).show(page, ENGLISH, csrf=str, **values)
        return bytes(answer.body).decode()

    yield "inbox empty", shown("inbox.html", back="", mails=[])
    yield "inbox logo", shown("inbox.html", *_CORNER_SHOP, back="", mails=[])
    yield "users nobody", shown("users.html", users=[], temporary_password="")
    set_up: dict[str, Any] = {
        "action": lambda path, **_: path,
        "notice": "",
        "problem": "",
        "step": "",
        "qr_code": segno.make("otpauth://totp/Foyer:ada?secret=JBSWY3DP").svg_data_uri(),
        "secret": "JBSW Y3DP",
    }
    for name, problem in {"": "", " wrong code": ENGLISH.say("wrong_app_code")}.items():
        fields = [code_field("Code", problem)]
        yield f"authenticator set-up{name}", shown("mfa_setup.html", fields=fields, **set_up)


def _problem_page(pages: Pages, fault: Exception, route: Route = Route(login.callback)) -> str:  # noqa: B008 - frozen
    log = Logger("every page", level="CRITICAL")
    return problems.answer(fault, route, _request("/callback"), pages, log, session=None).body


def _request(path: str) -> Request:
    return Request(
        route_key=f"GET {path}",
        path=path,
        request_id="JKJaXmPLvHcESHA=",
        app_url="http://localhost",
        raw_query="",
        headers={},
        cookies={},
    )


def account_with_devices(pages: Pages) -> str:
    """As with sessions in a table; `make run` keeps them in cookies by default."""
    owner = User("ada", {"name": "Ada Lovelace", "email": "ada@example.com"}, False)
    moment = 1_800_000_000
    sessions = [
        Listed("a" * 64, "Firefox, Windows", moment, moment, True),
        Listed("b" * 64, "Samsung Internet, Android", moment - 90_000, moment - 9_000, False),
        Listed("c" * 64, "", moment - 99_000, moment - 99_000, False),
    ]
    overview = AccountPages(pages, username="ada").overview(
        owner, notice="device_was_signed_out", has_password=True, sessions=sessions, cookies=()
    )
    return overview.body
