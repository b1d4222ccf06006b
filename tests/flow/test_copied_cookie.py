"""What a copied session cookie can be used for, and for how long (docs/security.md).

Limits, a new sign-in and a new session key end a copy as they end its original: see test_session,
test_sign_in and test_secret.
"""

from __future__ import annotations

import base64

import pytest
from foyer.sealing import KeyRing

from tests.flow.browser import Browser
from tests.flow.conftest import Stack, environment
from tests.flow.conftest import owner as account_owner

ACCESS_TOKEN = 900  # seconds, as in the template


@pytest.fixture
def owner(stack: Stack) -> Browser:
    stack.cognito.access_token_seconds = ACCESS_TOKEN
    return stack.signed_in()


@pytest.fixture
def thief(stack: Stack, owner: Browser) -> Browser:
    return stack.copy_of(owner)


def test_even_with_the_session_key_it_has_no_access_token(stack: Stack, thief: Browser) -> None:
    user = stack.cognito.user
    assert thief.get("/me").json["sub"] == user.sub, "it shows its owner"
    ((name, value),) = thief.cookies.items()
    raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    for private in (user.email, user.sub, "refresh_token"):
        assert private.encode() not in raw
    keys = KeyRing([stack.vault.fields["session_key"]])
    opened = keys.open(value, purpose="session 1", cookie=name, now=stack.clock.now()).decode()
    (userinfo,) = stack.cognito.requests["userinfo"]
    assert user.email in opened
    assert userinfo.headers["Authorization"].removeprefix("Bearer ") not in opened


@pytest.mark.parametrize("ends", ["its owner signs out", "it signs out", "everywhere"])
def test_a_sign_out_ends_the_other_one(
    stack: Stack, owner: Browser, thief: Browser, ends: str
) -> None:
    gone, left = (thief, owner) if ends == "it signs out" else (owner, thief)
    if ends == "everywhere":
        stack.cognito.sign_out_everywhere()
    else:
        gone.post("/logout")
    assert left.is_signed_in
    stack.clock.advance(ACCESS_TOKEN)
    assert not left.is_signed_in


def test_the_owner_is_warned_and_ends_it_at_the_next_sign_in(stack: Stack) -> None:
    """The worst case: a thief who opens the account page makes the owner's refresh token stale."""
    owner, cognito = account_owner(stack), stack.cognito
    cognito.access_token_seconds = ACCESS_TOKEN
    cognito.refresh_token_rotation = True
    thief = stack.copy_of(owner, **environment(stack))
    assert thief.get("/account").status == 200
    stack.clock.advance(3599)
    assert owner.is_signed_in
    assert thief.is_signed_in
    stack.clock.advance(1)
    page = owner.get("/").body
    assert "You were signed out. Please sign in again." in page
    assert "If you did not expect that, somebody may have used a copy of your session." in page
    owner.post("/logout")
    assert cognito.calls("revoke") == 0, "there is nothing left to revoke"
    stack.clock.advance(ACCESS_TOKEN)
    assert thief.is_signed_in

    stack.sign_in(owner)
    offer = 'href="/account/sign-out-everywhere"'
    assert offer in owner.get("/").body
    assert offer not in owner.get("/").body, "offered once"
    owner.submit("/account/sign-out-everywhere")
    assert owner.has_changed("signed_out_everywhere")
    stack.clock.advance(ACCESS_TOKEN)
    assert not thief.is_signed_in


def test_without_an_account_page_nothing_is_offered(stack: Stack, owner: Browser) -> None:
    stack.cognito.sign_out_everywhere()
    stack.clock.advance(ACCESS_TOKEN)
    assert "You were signed out" in owner.get("/").body
    stack.sign_in(owner)
    assert "/account/sign-out-everywhere" not in owner.get("/").body
