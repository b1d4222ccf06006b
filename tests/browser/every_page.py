"""Visits every page in every state, and calls a function for each."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
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
from playwright.sync_api import Browser, ViewportSize

from local.managed_login.language import ENGLISH
from local.managed_login.pages import Pages as ManagedLoginPages
from local.managed_login.pages import code_field
from local.managed_login.settings import ManagedLogin
from tests.authenticator import digits, wrong
from tests.browser.people import Account, Directory, Visitor
from tests.running_stack import RunningStack

# Called with the visitor who has the page open, and the name of the page and its state.
Look = Callable[[Visitor, str], None]

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

ENTRY_REFUSED = EntryRefused(
    "entry_group", account="ada@example.com", subject="", return_to="/notes"
)

# One for each sentence of problems.py; most come up only while Cognito or the secret is missing.
_FAULTS: dict[str, Exception] = {
    "bad request": BadRequest("state_unknown"),
    "access denied": AccessDenied("access_denied"),
    "entry refused": ENTRY_REFUSED,
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


def walk(stack: RunningStack, browser: Browser, look: Look) -> None:
    """Visit each page of the app and of managed login, on a phone; each part with a new visitor."""

    def arriving() -> AbstractContextManager[Visitor]:
        # The caller may need to run a script, which the pages do not allow.
        return Visitor.arriving(stack, browser, viewport=PHONE, bypass_csp=True)

    directory = Directory(stack)
    account = directory.add()
    parts = (_app, _sign_up, _sign_in, _recovery, _second_factor, _temporary_password, _account)
    for part in parts:
        with arriving() as visitor:
            part(visitor, account, look)
    for name in (LONG_NAME, RIGHT_TO_LEFT_NAME):
        with arriving() as visitor:
            visitor.sign_in(directory.add(name))
            look(visitor, f"welcome {'long' if name is LONG_NAME else 'right-to-left'} name")
    with arriving() as visitor:
        _errors(visitor, look)
        _shown_without_stack(visitor, look)
        visitor.open(f"{stack.login}/users")
        look(visitor, "users")


def _app(visitor: Visitor, account: Account, look: Look) -> None:
    visitor.open()
    look(visitor, "landing")
    visitor.page.locator("summary").click()
    look(visitor, "landing languages")
    visitor.sign_in(account)
    look(visitor, "welcome")
    visitor.open("/logout")
    look(visitor, "sign-out")


def _sign_up(visitor: Visitor, _: Account, look: Look) -> None:
    newcomer = Account.of_somebody_new()
    visitor.open()
    visitor.follow("Create account")
    look(visitor, "sign-up")
    visitor.press("Create account")
    visitor.reads("Please check:")
    look(visitor, "sign-up nothing entered")
    visitor.fill_in_sign_up(newcomer)
    visitor.choose_password("short")
    visitor.press("Create account")
    visitor.reads("Use at least")
    look(visitor, "sign-up weak password")
    visitor.fill_in_sign_up(newcomer)
    visitor.press("Create account")
    visitor.sees("Confirm your e-mail address")
    look(visitor, "confirm")
    code = visitor.mailed_code(newcomer.email)
    visitor.enter_code(wrong(code))
    visitor.press("Confirm")
    visitor.reads("That code is incorrect.")
    look(visitor, "confirm wrong code")
    confirming, visitor.page = visitor.page, visitor.mails(newcomer.email).page
    look(visitor, "inbox")
    visitor.page = confirming
    visitor.enter_code(code)
    visitor.press("Confirm")
    visitor.reads("Your e-mail address is confirmed.")
    look(visitor, "sign-in confirmed")
    visitor.submit_sign_in(newcomer)
    visitor.is_welcome(newcomer)
    visitor.press("Sign out")
    visitor.is_signed_out()


def _sign_in(visitor: Visitor, account: Account, look: Look) -> None:
    visitor.begin_sign_in()
    look(visitor, "sign-in")
    visitor.press("Sign in")
    visitor.reads("Please check:")
    look(visitor, "sign-in nothing entered")
    visitor.submit_sign_in(account, password="not-the-Password-1")
    visitor.reads("Incorrect username or password.")
    look(visitor, "sign-in wrong password")


def _recovery(visitor: Visitor, _: Account, look: Look) -> None:
    account = Directory(visitor.stack).add()
    visitor.begin_sign_in()
    visitor.follow("Forgot your password?")
    visitor.sees("Forgot your password?")
    look(visitor, "forgot")
    visitor.press("Send the code")
    visitor.reads("Enter your user name")
    look(visitor, "forgot nothing entered")
    visitor.page.get_by_label("User name").fill(account.username)
    visitor.press("Send the code")
    visitor.sees("Choose a new password")
    look(visitor, "reset")
    visitor.enter_code(wrong(visitor.mailed_code(account.email)))
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Change password")
    visitor.reads("That code is incorrect.")
    look(visitor, "reset wrong code")
    visitor.press("Send a new code")
    visitor.reads("We have sent a new code.")
    look(visitor, "reset new code")
    visitor.enter_code(visitor.mailed_code(account.email))
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Change password")
    visitor.reads("Your password has been changed.")
    visitor.submit_sign_in(account, NEW_PASSWORD)
    visitor.is_welcome(account)


def _second_factor(visitor: Visitor, account: Account, look: Look) -> None:
    visitor.sign_in(account)
    visitor.open("/account/authenticator")
    visitor.press("Continue")
    secret = visitor.page.locator("#key").inner_text().replace(" ", "")
    visitor.enter_code(digits(secret))
    visitor.press("Finish")
    visitor.reads("Two-step sign-in is on")
    visitor.open()
    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.begin_sign_in()
    visitor.submit_sign_in(account)
    visitor.sees("Enter the code")
    look(visitor, "second step")
    visitor.enter_code(wrong(digits(secret)))
    visitor.press("Continue")
    visitor.reads("That code is incorrect.")
    look(visitor, "second step wrong code")


def _temporary_password(visitor: Visitor, _: Account, look: Look) -> None:
    account = Directory(visitor.stack).add()
    visitor.open(f"{visitor.stack.login}/users")
    row = visitor.page.get_by_role("row").filter(has_text=account.username)
    row.get_by_role("button", name="Disable").click()
    visitor.reads("Disabled")
    look(visitor, "users somebody disabled")
    row.get_by_role("button", name="Enable").click()
    row.get_by_role("button", name="Require new password").click()
    temporary = visitor.page.locator("#temporary-password").inner_text()
    look(visitor, "users temporary password")
    visitor.begin_sign_in()
    visitor.submit_sign_in(account, temporary)
    visitor.sees("Choose your own password")
    look(visitor, "new password")
    visitor.choose_password(NEW_PASSWORD, repeated="another-Password-1")
    visitor.press("Save and continue")
    visitor.reads("The passwords do not match.")
    look(visitor, "new password not the same twice")
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Save and continue")
    visitor.is_welcome(account)


def _account(visitor: Visitor, _: Account, look: Look) -> None:
    owner = Directory(visitor.stack).add()
    visitor.sign_in(owner)
    visitor.follow("Your account")
    look(visitor, "account")
    visitor.follow("Change name")
    look(visitor, "change name")
    visitor.page.get_by_label("Name").fill("")
    visitor.press("Save")
    visitor.reads("Enter a name.")
    look(visitor, "change name nothing entered")
    visitor.page.get_by_label("Name").fill("Ada King")
    visitor.press("Save")
    visitor.reads("Your name has been changed.")
    visitor.open("/account/password")
    look(visitor, "change password")
    visitor.page.get_by_label("Current password").fill(owner.password)
    visitor.page.get_by_label("New password").fill("short")
    visitor.press("Save")
    visitor.reads("That password is too weak.")
    look(visitor, "change password weak")
    visitor.page.get_by_label("Current password").fill(owner.password)
    visitor.page.get_by_label("New password").fill(NEW_PASSWORD)
    visitor.press("Save")
    visitor.reads("Your password has been changed.")
    _account_authenticator(visitor, look)
    visitor.open("/account/sign-out-everywhere")
    look(visitor, "sign-out everywhere")
    visitor.open("/account/delete")
    look(visitor, "delete account")
    visitor.page.get_by_label("To confirm").fill("somebody else")
    visitor.press("Delete account")
    visitor.reads("That is not your user name or e-mail address.")
    look(visitor, "delete account wrong name")
    visitor.page.get_by_label("To confirm").fill(owner.username)
    visitor.press("Delete account")
    visitor.reads("Your account has been deleted.")
    look(visitor, "landing account deleted")


def _account_authenticator(visitor: Visitor, look: Look) -> None:
    visitor.open("/account/authenticator")
    look(visitor, "account authenticator")
    visitor.press("Continue")
    visitor.reads("Scan this")
    look(visitor, "account authenticator set-up")
    secret = visitor.page.locator("#key").inner_text().replace(" ", "")
    visitor.enter_code(wrong(digits(secret)))
    visitor.press("Finish")
    visitor.reads("That code is incorrect.")
    look(visitor, "account authenticator set-up wrong code")
    visitor.enter_code(digits(secret))
    visitor.press("Finish")
    visitor.reads("Two-step sign-in is on")
    look(visitor, "account two steps")
    visitor.follow("Set up another app")
    visitor.press("Continue")
    visitor.reads("Please complete the set-up")
    look(visitor, "account authenticator replaced")
    visitor.open("/account/authenticator/off")
    look(visitor, "account two steps off")
    visitor.press("Turn off")
    visitor.reads("Two-step sign-in is off.")


def _errors(visitor: Visitor, look: Look) -> None:
    visitor.open(f"{visitor.stack.login}/oauth2/authorize?client_id=1example23456789")
    look(visitor, "managed login error")
    visitor.begin_sign_in()
    visitor.page.locator("form input[name=csrf]").evaluate("field => field.value = 'made-up'")
    visitor.press("Sign in")
    visitor.reads("This form was not sent from this page")
    look(visitor, "managed login error foreign form")


def _shown_without_stack(visitor: Visitor, look: Look) -> None:
    """Pages that a working stack does not show, rendered directly."""
    pages = Pages(Brand("Foyer", "#3d5a80"), "en")
    managed_login, with_logo = (
        ManagedLoginPages(
            ManagedLogin(
                visitor.stack.aws,
                "",
                "",
                visitor.stack.login,
                visitor.stack.app,
                *brand,
                token_keys=Path(),
            )
        )
        for brand in (("Foyer", "#3d5a80"), _CORNER_SHOP)
    )
    nothing: dict[str, Any] = {
        "csrf": str,
        "back": "",
        "mails": [],
        "users": [],
        "temporary_password": "",
    }
    set_up: dict[str, Any] = {
        "action": lambda path, **_: path,
        "csrf": str,
        "notice": "",
        "problem": "",
        "step": "",
        "qr_code": segno.make("otpauth://totp/Foyer:ada?secret=JBSWY3DP").svg_data_uri(),
        "secret": "JBSW Y3DP",
    }
    shown = (
        {f"problem {name}": problem_page(pages, fault) for name, fault in _FAULTS.items()}
        | _account_without_stack(pages)
        | {
            "problem not found": problems.not_found(_request("GET", "/callback"), pages).body,
            "landing session ended": pages.landing(notice=pages.text["session_ended"]),
            "landing logo": Pages(Brand(*_CORNER_SHOP), "en").landing(),
            **{
                f"landing {name} brand": Pages(Brand("Foyer", color), "en").landing(
                    notice=pages.text["you_are_signed_out"]
                )
                for name, color in _BRANDS.items()
            },
            "landing session may be copied": pages.landing(
                notice=pages.text["session_ended"] + " " + pages.text["session_may_be_copied"]
            ),
            "welcome nothing known": pages.welcome({}),
            "welcome offers to end copies": pages.welcome(
                {}, has_account_page=True, offers_to_end_copies=True
            ),
            "welcome e-mail not verified": pages.welcome(
                {"name": "Ada", "email": "ada@example.com"}
            ),
            "inbox empty": bytes(
                managed_login.show("inbox.html", ENGLISH, **nothing).body
            ).decode(),
            "inbox logo": bytes(with_logo.show("inbox.html", ENGLISH, **nothing).body).decode(),
            **{
                f"authenticator set-up{name}": bytes(
                    managed_login.show(
                        "mfa_setup.html", ENGLISH, fields=[code_field("Code", problem)], **set_up
                    ).body
                ).decode()
                for name, problem in (("", ""), (" wrong code", ENGLISH.say("wrong_app_code")))
            },
            "users nobody": bytes(
                managed_login.show("users.html", ENGLISH, **nothing).body
            ).decode(),
        }
    )
    for name, page in shown.items():
        visitor.page.set_content(page)
        look(visitor, name)


def problem_page(pages: Pages, fault: Exception) -> str:
    """What a visitor sees when the callback fails."""
    request, route = _request("GET", "/callback"), Route(login.callback)
    log = Logger("every page", level="CRITICAL")
    return problems.answer(fault, route, request, pages, log, session=None).body


def _request(method: str, path: str) -> Request:
    return Request(
        route_key=f"{method} {path}",
        method=method,
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
    return (
        AccountPages(pages, username="ada")
        .overview(
            owner, notice="device_was_signed_out", has_password=True, sessions=sessions, cookies=()
        )
        .body
    )


def _account_without_stack(pages: Pages) -> dict[str, str]:
    account = AccountPages(pages, username="ada")
    request = _request("GET", "/account/delete")
    route = Route(login.callback, is_account=True)
    log = Logger("every page", level="CRITICAL")
    faults = (BadRequest("form_malformed"), BadGateway("user_api_failed"), Unavailable("busy"))
    again = SignInAgain("sign_in_not_recent", with_password=True)
    return {
        f"account problem {fault.status}": problems.answer(
            fault, route, request, pages, log, session=None
        ).body
        for fault in faults
    } | {
        "account sign-in again": problems.answer(
            again, route, request, pages, log, session=None
        ).body,
        "account devices": account_with_devices(pages),
        "account authenticator too late": account.authenticator_start(
            problem="authenticator_too_late"
        ).body,
        "account two steps demanded": account.authenticator_off(
            problem="authenticator_demanded"
        ).body,
    }
