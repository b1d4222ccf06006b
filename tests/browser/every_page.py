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
from foyer.errors import EntryRefused, SignInAgain
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
from tests.browser.people import Account, new_account
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

_REQUEST = Request(
    route_key="GET /callback",
    path="/callback",
    request_id="JKJaXmPLvHcESHA=",
    app_url="http://localhost",
    raw_query="",
    headers={},
    cookies={},
)

# All that the visitor reads on problem pages; most come up only while Cognito is missing.
_PROBLEMS = (
    problems._OURS,
    problems._OF_SIGN_OUT,
    problems._OF_ACCOUNT_ELSE,
    *problems._BY_STATUS.values(),
    *problems._BY_REASON.values(),
    *problems._OF_ACCOUNT.values(),
)


class _Walker(HttpVisitor):
    """Shows the pages that it visits; ``text`` is what a page says in its state."""

    def __init__(self, stack: RunningStack, look: Look) -> None:
        super().__init__(stack.app)
        self.stack = stack
        self._look = look

    def shows(self, name: str, text: str = "") -> None:
        assert text in self.page.text
        self._look(name, self.answer.text)

    def at(self, path: str, name: str, text: str = "") -> None:
        """``path`` is the app's."""
        self.open(f"{self.stack.app}{path}")
        self.shows(name, text)

    def after(self, button: str, name: str, text: str, /, **values: str) -> None:
        self.press(button, **values)
        self.shows(name, text)

    def begin_sign_in(self) -> None:
        self.open(f"{self.stack.app}/login")

    def mailed_code(self, address: str) -> str:
        mails = self.http.get(f"{self.stack.login}/inbox.json", timeout=30).json()
        return next(str(mail["code"]) for mail in mails if mail["to"] == address)


def walk(stack: RunningStack, look: Look) -> None:
    """Every page in English."""
    visitor = _Walker(stack, look)
    visitor.at("/", "landing", "Sign in to continue")
    look("landing languages", visitor.answer.text.replace("<details", "<details open"))
    newcomer = Account.of_somebody_new()
    _sign_up(visitor, newcomer)
    _account(visitor)
    _second_factor(visitor, newcomer)
    forgetful = new_account(stack, LONG_NAME)
    _recovery(visitor, forgetful)
    _temporary_password(visitor, forgetful)
    visitor.begin_sign_in()
    foreign = "This form was not sent from this page"
    visitor.after("Sign in", "managed login error foreign form", foreign, csrf="made-up")
    visitor.open(f"{stack.login}/oauth2/authorize?client_id=1example23456789")
    visitor.shows("managed login error")
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
        look(f"entry refused {tag}", _entry_refused(pages, "ada@example.com"))
        look(f"problem {tag}", problems._page(problems._BY_STATUS[400], _REQUEST, pages))
        look(f"account devices {tag}", account_with_devices(pages))
        visitor.open(f"{stack.app}/signup?lang={tag}")
        entered = {"username": "ada", "email": "ada", "password": "short"}
        sign_up, problem = language.say("sign_up"), language.say("enter_email")
        visitor.after(sign_up, f"sign-up mistakes {tag}", problem, **entered)
        visitor.at("/login", f"sign-in {tag}", language.say("sign_in"))  # the language is kept


def _sign_up(visitor: _Walker, account: Account) -> None:
    entered = {"username": account.username, "email": account.email, "name": account.name}
    good, short = ({"password": each, "repeated": each} for each in (account.password, "short"))
    button = "Create account"
    visitor.follow(button)
    visitor.shows("sign-up", "Create an account")
    visitor.after(button, "sign-up nothing entered", "Please check:")
    visitor.after(button, "sign-up weak password", "Use at least", **entered, **short)
    visitor.after(button, "confirm", "Confirm your e-mail address", **entered, **good)
    code = visitor.mailed_code(account.email)
    visitor.after("Confirm", "confirm wrong code", "That code is incorrect.", code=wrong(code))
    visitor.open(f"{visitor.stack.login}/inbox")
    visitor.shows("inbox", code)
    visitor.follow("Enter the code")
    confirmed = "Your e-mail address is confirmed."
    visitor.after("Confirm", "sign-in confirmed", confirmed, code=code)
    visitor.after("Sign in", "welcome", account.email, password=account.password)


def _account(visitor: _Walker) -> None:
    visitor.at("/account", "account", "Your account")
    visitor.at("/account/name", "change name", "Change name")
    visitor.after("Save", "change name nothing entered", "Enter a name.", name="")
    visitor.at("/account/password", "change password", "Current password")
    weak = "That password is too weak."
    visitor.after("Save", "change password weak", weak, current=Account.password, new="short")
    visitor.at("/account/sign-out-everywhere", "sign-out everywhere", "Sign out everywhere")
    visitor.at("/account/delete", "delete account", "To confirm")
    not_yours = "That is not your user name or e-mail address."
    visitor.after("Delete account", "delete account wrong name", not_yours, username="eve")


def _second_factor(visitor: _Walker, account: Account) -> None:
    page, incorrect = "/account/authenticator", "That code is incorrect."
    visitor.at(page, "account authenticator", "Continue")
    visitor.after("Continue", "account authenticator set-up", "Scan this")
    secret = visitor.page.by_id("key").replace(" ", "")
    code = wrong(digits(secret))
    visitor.after("Finish", "account authenticator set-up wrong code", incorrect, code=code)
    visitor.after("Finish", "account two steps", "Two-step sign-in is on", code=digits(secret))
    visitor.at(f"{page}/off", "account two steps off", "Turn off")
    visitor.open(page)
    visitor.after("Continue", "account authenticator replaced", "Please complete the set-up")
    visitor.at("/logout", "sign-out", "Sign out?")
    visitor.press("Sign out")
    visitor.at("/login", "sign-in", "Forgot your password?")
    visitor.after("Sign in", "sign-in nothing entered", "Please check:")
    entered = {"username": account.username, "password": "not-the-Password-1"}
    incorrect = "Incorrect username or password."
    visitor.after("Sign in", "sign-in wrong password", incorrect, **entered)
    entered["password"] = account.password
    visitor.after("Sign in", "second step", "Enter the code", **entered)
    visitor.after("Continue", "second step wrong code", "That code is incorrect.", code=code)


def _recovery(visitor: _Walker, account: Account) -> None:
    visitor.begin_sign_in()
    visitor.follow("Forgot your password?")
    visitor.shows("forgot", "Forgot your password?")
    visitor.after("Send the code", "forgot nothing entered", "Enter your user name")
    chosen = {"password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    username, change = account.username, "Change password"
    visitor.after("Send the code", "reset", "Choose a new password", username=username)
    code = wrong(visitor.mailed_code(account.email))
    visitor.after(change, "reset wrong code", "That code is incorrect.", code=code, **chosen)
    visitor.after("Send a new code", "reset new code", "We have sent a new code.")
    changed, code = "Your password has been changed.", visitor.mailed_code(account.email)
    visitor.after(change, "sign-in reset", changed, code=code, **chosen)


def _temporary_password(visitor: _Walker, account: Account) -> None:
    visitor.open(f"{visitor.stack.login}/users")
    visitor.shows("users")
    user = {"username": account.username}
    visitor.after("Disable", "users somebody disabled", "Disabled", **user, action="disable")
    visitor.press("Enable", **user, action="enable")
    user["action"], says = "require-new-password", "The temporary password is"
    visitor.after("Require new password", "users temporary password", says, **user)
    temporary = visitor.page.by_id("temporary-password")
    visitor.begin_sign_in()
    entered = {"username": account.username, "password": temporary}
    visitor.after("Sign in", "new password", "Choose your own password", **entered)
    chosen = {"password": NEW_PASSWORD, "repeated": "another-Password-1"}
    name, problem = "new password not the same twice", "The passwords do not match."
    visitor.after("Save and continue", name, problem, **chosen)


def _shown_without_stack(stack: RunningStack) -> Iterator[tuple[str, str]]:
    """Pages that a working stack does not show, or not at once, rendered directly."""
    pages = Pages(Brand("Foyer", "#3d5a80"), "en")
    text = pages.text
    for words in _PROBLEMS:
        name = words.sentence.removesuffix("_sentence").replace("_", " ")
        yield name, problems._page(words, _REQUEST, pages)
    long = f"{'wolfeschlegelsteinhausenbergerdorff.' * 3}{'x' * 80}@example.com"
    for name, account in {"": "ada@example.com", " long": long}.items():
        yield f"problem entry refused{name}", _entry_refused(pages, account)
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
    account = AccountPages(pages, username="ada")
    again = SignInAgain("sign_in_not_recent", with_password=True)
    yield "account sign-in again", _problem_page(pages, again)
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


def _entry_refused(pages: Pages, account: str) -> str:
    fault = EntryRefused("entry_email_unverified", account=account, subject="", return_to="/")
    return _problem_page(pages, fault)


def _problem_page(pages: Pages, fault: Exception) -> str:
    log, route = Logger("every page", level="CRITICAL"), Route(login.callback, is_sign_in=True)
    return problems.answer(fault, route, _REQUEST, pages, log, session=None).body


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
