"""What a copied session cookie can be used for, and for how long (docs/security.md).

Limits, a new sign-in and a new session key end a copy as they end its original: see test_session,
test_sign_in and test_secret.
"""

from __future__ import annotations

import base64

import pytest
from foyer.sealing import KeyRing

from tests.flow.account import environment
from tests.flow.account import owner as account_owner
from tests.flow.browser import Browser
from tests.flow.conftest import Stack

ACCESS_TOKEN = 900  # seconds, as in the template
ABSOLUTE = 12 * 3600


@pytest.fixture
def owner(stack: Stack) -> Browser:
    stack.cognito.access_token_seconds = ACCESS_TOKEN
    return stack.signed_in()


@pytest.fixture
def thief(stack: Stack, owner: Browser) -> Browser:
    return stack.copy_of(owner)


def use_until(stack: Stack, browser: Browser, end: int) -> None:
    """Visit every twenty minutes; at ``end`` seconds after sign-in, stop."""
    while stack.clock.elapsed + 1200 < end:
        stack.clock.advance(1200)
        assert browser.is_signed_in
    stack.clock.advance(end - stack.clock.elapsed)


def test_it_cannot_be_read_and_even_with_the_session_key_has_no_access_token(
    stack: Stack, thief: Browser
) -> None:
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


def test_a_sign_out_ends_it_at_its_next_refresh(
    stack: Stack, owner: Browser, thief: Browser
) -> None:
    owner.post("/logout")
    stack.clock.advance(ACCESS_TOKEN)
    assert not thief.is_signed_in
    stack.sign_in(owner)
    thief = stack.copy_of(owner)
    stack.cognito.sign_out_everywhere()
    stack.clock.advance(ACCESS_TOKEN)
    assert not thief.is_signed_in


@pytest.mark.parametrize("cognito_hears_of_it", [True, False])
def test_without_cognito_it_serves_until_its_limits(
    stack: Stack, owner: Browser, thief: Browser, cognito_hears_of_it: bool
) -> None:
    if cognito_hears_of_it:
        owner.post("/logout")
        stack.cognito.fault("token", "http_500")
    else:
        accepted = stack.vault.fields["client_secret"]
        stack.vault.put(client_secret="refused-by-cognito")
        stack.copy_of(owner).post("/logout")
        stack.vault.put(client_secret=accepted)
        assert len(stack.logged("revocation_failed")) == 1
    use_until(stack, thief, ABSOLUTE)
    assert not thief.is_signed_in


def test_it_can_sign_its_owner_out(stack: Stack, owner: Browser, thief: Browser) -> None:
    thief.post("/logout")
    assert owner.is_signed_in
    stack.clock.advance(ACCESS_TOKEN)
    assert not owner.is_signed_in


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
    use_until(stack, thief, ABSOLUTE - 1)
    assert thief.is_signed_in

    stack.sign_in(owner)
    offer = 'href="/account/sign-out-everywhere"'
    assert offer in owner.get("/").body
    assert offer not in owner.get("/").body, "offered once"
    owner.submit("/account/sign-out-everywhere")
    assert owner.has_changed("signed_out_everywhere")


@pytest.mark.parametrize("account_page", ["true", "false"])
def test_signing_out_everywhere_later_ends_it(stack: Stack, account_page: str) -> None:
    owner = account_owner(stack, ACCOUNT_PAGE=account_page)
    stack.cognito.refresh_token_rotation = True
    thief = stack.copy_of(owner)
    stack.advance_to_refresh(owner, thief)
    assert thief.is_signed_in
    stack.clock.advance(1)
    assert not owner.is_signed_in
    stack.sign_in(owner)
    assert ("/account/sign-out-everywhere" in owner.get("/").body) == (account_page == "true")
    if account_page == "true":
        owner.submit("/account/sign-out-everywhere")
        stack.clock.advance(3600)
        assert not thief.is_signed_in
