"""examples/notes in a real browser, as `make run APP=examples/notes` serves it.

With the environment variable NOTES_UNDER_SAM, as `make start-api APP=examples/notes` does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import NO_NODE
from tests.browser.people import Account, Visitor, new_account
from tests.documents import blocks
from tests.running_stack import ROOT, RunningStack, built_with, running_stack

pytestmark = pytest.mark.browser

(RECIPE_USERS,), (RECIPE,) = (blocks("docs/recipes/playwright.md", of) for of in ("json", "python"))
EDITOR = Account("ada", "ada@example.com", "Ada Lovelace", "Correct-horse-1")  # the recipe's


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[RunningStack]:  # noqa: ARG001 - without a browser there is no need for a stack
    folder = tmp_path_factory.mktemp("notes")
    users = folder / "users.json"
    users.write_text(RECIPE_USERS)
    trigger = "PostConfirmationArn=arn:aws:lambda:us-east-1:000000000000:function:FirstNote"
    arguments = ["--app", "examples/notes", "--users", str(users), "--parameter", trigger]
    if os.environ.get("NOTES_UNDER_SAM"):
        built_with("examples/notes")
        arguments.append("--sam")
    with running_stack(folder / "output", arguments) as running:
        yield running


def arrive(visitor: Visitor, account: Account) -> None:
    """Opens the notes, signs in, and is back at the notes."""
    visitor.open("/notes")
    visitor.sees("Sign in")
    with visitor.page.expect_response("**/notes/api/profile"):  # the page's last call
        visitor.submit_sign_in(account)
    visitor.is_at("/notes")
    visitor.sees(f"Notes of {account.name}")


def add(visitor: Visitor, text: str) -> None:
    visitor.page.get_by_label("New note").fill(text)
    visitor.press("Add")


def has(visitor: Visitor, *texts: str) -> None:
    """These are the user's own notes, which can be deleted; announcements cannot."""
    delete = visitor.page.get_by_role("button", name="Delete")
    own = visitor.page.get_by_role("listitem").filter(has=delete)
    expect(own).to_have_text([f"{text}Delete" for text in texts])


def test_notes_are_kept_and_nobody_else_sees_or_adds_any(
    visitor: Visitor, stack: RunningStack, chromium: Browser
) -> None:
    arrive(visitor, new_account(visitor.stack, "<i>Ada</i>"))
    add(visitor, "<b>mine</b>")
    has(visitor, "<b>mine</b>")
    with visitor.page.expect_response("**/api/notes") as listed:
        visitor.page.reload()
    has(visitor, "<b>mine</b>")
    note = listed.value.json()["notes"][0]["id"]
    with Visitor.arriving(stack, chromium) as other:
        arrive(other, new_account(visitor.stack, "Bob"))
        add(other, "Bob's")
        has(other, "Bob's")
        status = "id => fetch(`/notes/api/notes/${id}`, {method: 'DELETE'}).then(r => r.status)"
        assert other.page.evaluate(status, note) == 200  # of Bob's notes, none has this id
    sibling = f"http://localhost:{stack.port + 9}/"  # the same site, so its forms bring the cookie
    answered = visitor.press_on_a_page_at(sibling, sends_to=f"{stack.app}/notes/api/notes")
    assert answered.request.header_value("cookie")
    assert answered.status == 403
    visitor.open("/notes")
    has(visitor, "<b>mine</b>")
    visitor.press("Delete")
    has(visitor)


def test_whoever_signs_up_finds_a_first_note(visitor: Visitor) -> None:
    account = Account.of_somebody_new()
    visitor.open("/signup?return_to=/notes")
    visitor.fill_in_sign_up(account)
    visitor.press("Create account")
    visitor.sees("Confirm your e-mail address")
    visitor.enter_code(visitor.newest_mail(account.email))
    visitor.press("Confirm")
    visitor.submit_sign_in(account)
    visitor.is_at("/notes")
    has(visitor, "Welcome! This is your first note.")


def test_only_editors_announce(visitor: Visitor) -> None:
    arrive(visitor, new_account(visitor.stack))
    expect(visitor.page.get_by_label("Announcement")).to_be_hidden()
    announce = """() => fetch('/notes/api/announcements', {method: 'POST', body: '{"text": "x"}'})
        .then(async response => [response.status, (await response.json()).message])"""
    refused = visitor.page.evaluate(announce)
    assert refused == [403, "Only editors may announce something."]
    visitor.context.clear_cookies()
    arrive(visitor, EDITOR)
    visitor.page.get_by_label("Announcement").fill("Lunch is at noon")
    visitor.press("Announce")
    visitor.reads("Lunch is at noon")


def test_a_refused_call_renews_the_session_or_leads_to_sign_in_and_back(visitor: Visitor) -> None:
    account = new_account(visitor.stack)
    arrive(visitor, account)
    calls: list[str] = []

    def refuse_once(route: Route) -> None:
        if route.request.method == "POST":
            calls.append("add")
        if calls == ["add"]:
            route.fulfill(status=403, json={"message": "Forbidden"})
        else:
            route.fallback()

    visitor.context.route("**/notes/api/notes", refuse_once)
    visitor.context.on(
        "request", lambda asked: calls.append("me") if asked.url.endswith("/me") else None
    )
    add(visitor, "in spite of it")
    has(visitor, "in spite of it")
    assert calls == ["add", "me", "add"]
    visitor.context.clear_cookies()
    add(visitor, "too late")
    visitor.sees("Sign in")
    visitor.submit_sign_in(account)
    visitor.is_at("/notes")
    has(visitor, "in spite of it")


def test_the_recipe_for_playwright_works(
    visitor: Visitor, stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = ROOT / ".local" / str(stack.port) / "running.json"
    (tmp_path / "running.json").write_bytes(running.read_bytes())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(RECIPE, names)  # noqa: S102 - the recipe's own
    names["test_a_note_is_kept"](visitor.page)


@pytest.mark.skipif(shutil.which("node") is None, reason=NO_NODE)
def test_the_node_function_reads_the_claims(visitor: Visitor) -> None:
    account = new_account(visitor.stack)
    arrive(visitor, account)
    visitor.reads(f"Signed in with {account.email}")
