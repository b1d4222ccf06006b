"""Users manage their account in the local stack."""

from __future__ import annotations

import pytest

from tests.browser.people import Account, Directory, Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(visitor: Visitor, directory: Directory) -> Account:
    account = directory.add()
    visitor.sign_in(account)
    visitor.follow("Your account")
    visitor.sees("Your account")
    return account


def test_signing_out_everywhere_ends_this_session_and_managed_logins(
    visitor: Visitor, ada: Account
) -> None:
    visitor.follow("Sign out everywhere")
    visitor.press("Sign out everywhere")
    visitor.is_signed_out()
    visitor.reads("You are signed out everywhere.")
    visitor.sign_in(ada)


def test_the_way_back_to_the_account_asks_for_the_password(visitor: Visitor, ada: Account) -> None:
    """As the page sends people whose sign-in is no longer recent."""
    visitor.open("/login?return_to=/account/delete&prompt=login")
    visitor.sees("Sign in")
    visitor.submit_sign_in(ada)
    visitor.is_at("/account/delete")
