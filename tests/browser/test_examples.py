"""The single-page front end of examples/, on the app's origin, in a real browser.

Both examples are applied, so that the front end has a report to load.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser

from local.stack import connect
from tests.applied_examples import project_with
from tests.browser.people import Account, Directory, Visitor
from tests.documents import read
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, ROOT, RunningStack, running_stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[RunningStack]:  # noqa: ARG001 - without a browser there is no need for a stack
    """As `make run` starts it where both examples are applied."""
    folder = tmp_path_factory.mktemp("examples")
    copy = project_with(folder / "project", "single-page", "groups")
    with running_stack(folder / "output", root=copy) as running:
        yield running


@pytest.fixture
def account(directory: Directory) -> Account:
    return directory.add()


def administer(stack: RunningStack, action: str, account: Account, **more: Any) -> None:
    """An administrator does something to the account."""
    cognito = connect("cognito-idp", stack.aws)
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    getattr(cognito, action)(UserPoolId=pool["Id"], Username=account.username, **more)


def sign_in_from_the_front_end(visitor: Visitor, account: Account) -> None:
    visitor.open("/app")
    visitor.sees("Hello")
    visitor.follow("Sign in")
    visitor.submit_sign_in(account)
    visitor.is_at("/app")
    visitor.sees(f"Hello, {account.name}")


def test_the_front_end_greets_whoever_signs_in_through_it(
    visitor: Visitor, account: Account
) -> None:
    sign_in_from_the_front_end(visitor, account)
    visitor.reads("Your groups: none")
    visitor.follow("Sign out")
    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.open("/app")
    visitor.sees("Hello")
    visitor.reads("Nobody is signed in.")


def test_the_report_is_for_staff(
    visitor: Visitor, account: Account, stack: RunningStack, directory: Directory
) -> None:
    sign_in_from_the_front_end(visitor, account)
    visitor.press("Load the report")
    visitor.reads("The report is for staff.")
    visitor.open("/report")
    visitor.sees("Not for you")
    visitor.follow("Go to the start page")
    visitor.press("Sign out")
    visitor.is_signed_out()

    colleague = directory.add()
    administer(stack, "admin_add_user_to_group", colleague, GroupName="staff")
    sign_in_from_the_front_end(visitor, colleague)
    visitor.reads("Your groups: staff")
    visitor.press("Load the report")
    visitor.reads("Sign-ups this week: 42")


def test_the_demo_user_joins_staff_as_the_readme_says(
    visitor: Visitor, stack: RunningStack
) -> None:
    found = re.search(r"<<'END'\n(.+?)END\n", read("examples/groups/README.md"), re.DOTALL)
    assert found
    script = found[1].replace("http://127.0.0.1:3002", stack.aws)
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)  # noqa: S603 - ours
    sign_in_from_the_front_end(
        visitor, Account(DEMO_USER, "demo@example.com", "Demo Visitor", DEMO_PASSWORD)
    )
    visitor.press("Load the report")
    visitor.reads("Sign-ups this week: 42")


def test_a_session_that_ended_elsewhere_shows_at_the_next_request(
    visitor: Visitor, account: Account
) -> None:
    sign_in_from_the_front_end(visitor, account)
    visitor.context.clear_cookies(name="foyer-session")
    visitor.press("Load the report")
    visitor.reads("Nobody is signed in.")


def test_a_name_with_markup_is_shown_as_it_is(
    visitor: Visitor, account: Account, stack: RunningStack
) -> None:
    name = "<img src=x onerror=alert(1)>"
    attributes = [{"Name": "name", "Value": name}]
    administer(stack, "admin_update_user_attributes", account, UserAttributes=attributes)
    sign_in_from_the_front_end(visitor, replace(account, name=name))


def test_the_front_end_may_run_its_script_and_the_apps_own_pages_none(visitor: Visitor) -> None:
    def policy(path: str) -> str:
        answer = visitor.context.request.get(f"{visitor.stack.app}{path}")
        return answer.headers["content-security-policy"]

    assert "script-src 'self'" in policy("/app")
    for own in ("/", "/logout", "/callback"):
        assert "script-src" not in policy(own)
        assert policy(own).startswith("default-src 'none'")


@pytest.mark.parametrize("file", ["front.py", "nothing.js", "..%2Ffront.py"])
def test_the_front_end_serves_its_own_files_only(visitor: Visitor, file: str) -> None:
    answer = visitor.context.request.get(f"{visitor.stack.app}/app/{file}")
    assert answer.status == 404
    assert "import" not in answer.text()


def test_the_script_is_served_as_one(visitor: Visitor) -> None:
    answer = visitor.context.request.get(f"{visitor.stack.app}/app/page.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
