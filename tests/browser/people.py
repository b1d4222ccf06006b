"""The participants of the browser tests: visitors, their browser, and accounts in the pool."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Playwright,
    Response,
    expect,
)

from tests.running_stack import RunningStack

PASSWORD = "Analytical-1843"
_PATIENCE = 20_000  # ms; long, because build machines can be slow
_A_BAD_STATUS = "Failed to load resource: the server responded with a status of"


NO_BROWSER = "no Chromium or Chrome found; `apt-get install chromium` or the like gets one"

_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    # elsewhere.example is another site whose name resolves to this machine.
    "--host-resolver-rules=MAP elsewhere.example 127.0.0.1, MAP * ~NOTFOUND, "
    "EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1",
]


class NoBrowser(Exception):
    """The message says how to get one."""


def launch(playwright: Playwright) -> Browser:
    """The system's browser, or the one that Playwright has downloaded; reaches this machine only.

    Raises NoBrowser.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    own = playwright.chromium.executable_path
    found = next(filter(None, map(shutil.which, names)), own if Path(own).exists() else None)
    if found is None:
        raise NoBrowser(NO_BROWSER)
    # Chromium's sandbox does not work for root, which build machines often use.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=found, args=_ARGUMENTS + root)


@dataclass(frozen=True)
class Account:
    username: str
    email: str
    name: str = "Ada Lovelace"
    password: str = PASSWORD

    @classmethod
    def of_somebody_new(cls) -> Account:
        username = f"ada-{secrets.token_hex(4)}"
        return cls(username, f"{username}@example.com")


def new_account(stack: RunningStack, name: str = Account.name) -> Account:
    """A confirmed account with a verified address, as an administrator makes one."""
    account = replace(Account.of_somebody_new(), name=name)
    attributes = {"name": name, "email": account.email, "email_verified": "true"}
    listed = [{"Name": key, "Value": value} for key, value in attributes.items()]
    cognito = stack.aws.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    whom = {"UserPoolId": pool["Id"], "Username": account.username}
    cognito.admin_create_user(**whom, MessageAction="SUPPRESS", UserAttributes=listed)
    cognito.admin_set_user_password(**whom, Password=account.password, Permanent=True)
    return account


class Visitor:
    """A person at a browser: reads headings and labels, presses buttons, follows links."""

    def __init__(self, stack: RunningStack, context: BrowserContext) -> None:
        self.stack = stack
        self.context = context
        self.complaints: list[str] = []
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = context.new_page()

    @classmethod
    @contextmanager
    def arriving(cls, stack: RunningStack, browser: Browser, **options: Any) -> Iterator[Visitor]:
        with browser.new_context(**options) as context:
            context.set_default_timeout(_PATIENCE)
            expect.set_options(timeout=_PATIENCE)
            visitor = cls(stack, context)
            yield visitor
            assert visitor.complaints == [], visitor.page.url

    def _note(self, message: ConsoleMessage) -> None:
        """Chromium also reports error pages as such, which is no news."""
        if message.type in ("error", "warning") and not message.text.startswith(_A_BAD_STATUS):
            self.complaints.append(f"{message.type}: {message.text}")

    def open(self, url: str = "/") -> None:
        """A path is the app's."""
        self.page.goto(f"{self.stack.app}{url}" if url.startswith("/") else url)

    def follow(self, link: str) -> None:
        """Playwright's click does not wait for the page that the link leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=link).click()

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def press_on_a_page_at(self, url: str, *, sends_to: str) -> Response:
        """The answer to a form on a page of somebody else that sends what looks like JSON."""
        form = f"""<form method=post enctype=text/plain action={sends_to}>
            <input name='{{"text": "not mine", "x": "' value='"}}'><button>Win</button></form>"""
        self.context.route(url, lambda route: route.fulfill(body=form, content_type="text/html"))
        self.open(url)
        with self.page.expect_response(sends_to) as answered:
            self.press("Win")
        return answered.value

    def fill_in_sign_up(self, account: Account) -> None:
        self.sees("Create an account")
        self.page.get_by_label("User name").fill(account.username)
        self.page.get_by_label("E-mail address").fill(account.email)
        self.page.get_by_label("Name", exact=True).fill(account.name)
        self.page.get_by_label("Password", exact=True).fill(account.password)
        self.page.get_by_label("Confirm").fill(account.password)

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def reads(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def is_at(self, path: str) -> None:
        expect(self.page).to_have_url(f"{self.stack.app}{path}")

    def begin_sign_in(self) -> None:
        self.open()
        self.follow("Sign in")
        self.sees("Sign in")

    def submit_sign_in(self, account: Account) -> None:
        self.page.get_by_label("User name").fill(account.username)
        self.page.get_by_label("Password").fill(account.password)
        self.press("Sign in")

    def sign_in(self, account: Account) -> None:
        self.begin_sign_in()
        self.submit_sign_in(account)
        self.is_welcome(account)

    def is_welcome(self, account: Account) -> None:
        self.is_at("/")
        self.sees(account.name)
        self.reads(account.email)

    def is_signed_out(self) -> None:
        self.is_at("/")
        self.sees("Welcome")
        expect(self.page.get_by_role("link", name="Sign in")).to_be_visible()

    def newest_mail(self, address: str) -> Locator:
        """On the inbox page, in a new tab."""
        inbox = self.context.new_page()
        inbox.goto(f"{self.stack.login}/inbox")
        return inbox.get_by_role("article").filter(has_text=address).first

    def enter_code(self, mail: Locator) -> None:
        self.page.get_by_label("Code").fill(mail.locator("output").inner_text())
