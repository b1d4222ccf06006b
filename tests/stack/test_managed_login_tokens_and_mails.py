"""PreTokenGeneration changes the tokens, CustomMessage the mails."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
import requests

from local.managed_login.triggers import UNREADABLE
from tests.stack.login_pages import Browser, LoginPages
from tests.stack.test_managed_login_triggers import ANSWERS, refuse, sign_up, sources

pytestmark = pytest.mark.stack

Event = dict[str, Any]
CONFIGURED_2 = "PreTokenGenerationConfig:V2_0"


def verified(pages: LoginPages, token: str) -> dict[str, Any]:
    """The claims, after a check of the signature with the pool's published keys."""
    keys = f"{pages.aws.endpoint}/{pages.pool_id}/.well-known/jwks.json"
    key = jwt.PyJWK(
        next(
            one
            for one in requests.get(keys, timeout=10).json()["keys"]
            if one["kid"] == jwt.get_unverified_header(token)["kid"]
        )
    )
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], options={"verify_aud": False}
    )
    return claims


def signed_in(pages: LoginPages, browser: Browser, *groups: str, **wishes: str) -> dict[str, Any]:
    """The token endpoint's answer for a new user in these groups."""
    pages.new_user()
    for group in groups:
        pages.cognito.create_group(UserPoolId=pages.pool_id, GroupName=group)
        pages.cognito.admin_add_user_to_group(
            UserPoolId=pages.pool_id, Username="ada", GroupName=group
        )
    browser.authorize(**wishes)
    browser.sign_in()
    answer: dict[str, Any] = pages.exchange(browser.returned["code"]).json()
    return answer


def refreshed(pages: LoginPages, tokens: dict[str, Any]) -> requests.Response:
    return pages.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])


def adds_a_tenant(event: Event) -> Event:
    access = {"claimsToAddOrOverride": {"tenant": "acme", "sub": "x"}, "scopesToAdd": ["notes"]}
    details = {
        "idTokenGeneration": {"claimsToAddOrOverride": {"tenant": "acme"}},
        "accessTokenGeneration": access,
        "groupOverrideDetails": {"groupsToOverride": ["admins"]},
    }
    return {**event, "response": {"claimsAndScopeOverrideDetails": details}}


@pytest.mark.parametrize(
    "resource", ["https://notes.example/api", "http://localhost:3000/notes", "notes://api"]
)
def test_an_access_token_is_for_the_resource_that_was_asked_for_after_a_refresh_too(
    pages: LoginPages, browser: Browser, resource: str
) -> None:
    tokens = signed_in(pages, browser, resource=resource)
    client_id = verified(pages, tokens["id_token"])["aud"]
    for answer in (tokens, refreshed(pages, tokens).json()):
        assert verified(pages, answer["access_token"])["aud"] == resource
        assert verified(pages, answer["id_token"])["aud"] == client_id


def test_a_session_without_a_resource_is_not_bound_to_that_of_another(
    pages: LoginPages, browser: Browser
) -> None:
    signed_in(pages, browser, resource="https://notes.example")
    browser.authorize()
    unbound = pages.exchange(browser.returned["code"]).json()
    for answer in (unbound, refreshed(pages, unbound).json()):
        assert "aud" not in verified(pages, answer["access_token"])


def test_version_2_changes_both_tokens_at_sign_in_and_at_refresh(
    pages: LoginPages, browser: Browser
) -> None:
    pages.on(CONFIGURED_2, adds_a_tenant)
    tokens = signed_in(pages, browser, "staff")
    assert sources(pages) == ["TokenGeneration_HostedAuth"]
    again = refreshed(pages, tokens).json()
    assert sources(pages)[1:] == ["TokenGeneration_RefreshTokens"]
    for answer in (tokens, again):
        own, access = (verified(pages, answer[f"{use}_token"]) for use in ("id", "access"))
        assert own["tenant"] == access["tenant"] == "acme"
        assert own["cognito:groups"] == access["cognito:groups"] == ["admins"]
        assert access["sub"] == own["sub"] == pages.user("ada")["sub"]
        assert sorted(access["scope"].split()) == ["email", "notes", "openid", "profile"]
    for event in pages.trigger_events:
        assert (event["version"], event["userName"]) == ("2", "ada")
        assert event["request"]["userAttributes"]["email"] == "ada@example.com"
        assert event["request"]["groupConfiguration"] == {
            "groupsToOverride": ["staff"],
            "iamRolesToOverride": [],
            "preferredRole": None,
        }
        assert sorted(event["request"]["scopes"]) == ["email", "openid", "profile"]
        assert event["response"] == {"claimsAndScopeOverrideDetails": None}


def test_the_user_pool_accepts_a_changed_access_token(pages: LoginPages, browser: Browser) -> None:
    pages.on(CONFIGURED_2, adds_a_tenant)
    bearer = {"Authorization": f"Bearer {signed_in(pages, browser)['access_token']}"}
    answer = requests.get(f"{pages.origin}/oauth2/userInfo", headers=bearer, timeout=10)
    assert answer.json()["username"] == "ada"


def test_version_1_changes_the_id_token(pages: LoginPages, browser: Browser) -> None:
    details = {"claimsToAddOrOverride": {"tenant": "acme"}, "claimsToSuppress": ["email"]}
    pages.on(
        "PreTokenGeneration",
        lambda event: {**event, "response": {"claimsOverrideDetails": details}},
    )
    tokens = signed_in(pages, browser)
    own, access = (verified(pages, tokens[f"{use}_token"]) for use in ("id", "access"))
    assert own["tenant"] == "acme"
    assert "email" not in own
    assert "tenant" not in access
    (event,) = pages.trigger_events
    assert (event["version"], event["response"]) == ("1", {"claimsOverrideDetails": None})
    assert "scopes" not in event["request"]


def test_a_refusal_at_sign_in_goes_back_to_the_app_without_a_code(
    pages: LoginPages, browser: Browser
) -> None:
    pages.on("PreTokenGeneration", refuse)
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    assert browser.returned == {
        "error": "invalid_request",
        "error_description": "PreTokenGeneration failed with error only on Mondays.",
        "state": "the-state",
    }
    browser.authorize()
    assert not browser.left_for, "no session of the sign-in pages either"


def test_an_unreadable_response_is_refused(pages: LoginPages, browser: Browser) -> None:
    pages.on(CONFIGURED_2, lambda event: {**event, "response": {
        "claimsAndScopeOverrideDetails": "yes"}})  # fmt: skip
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    assert browser.returned["error_description"] == UNREADABLE


def test_a_refusal_at_refresh_gives_no_tokens(pages: LoginPages, browser: Browser) -> None:
    tokens = signed_in(pages, browser)
    pages.on("PreTokenGeneration", refuse)
    answer = refreshed(pages, tokens)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_refreshed_tokens_keep_groups_and_time_of_the_sign_in(
    pages: LoginPages, browser: Browser
) -> None:
    tokens = signed_in(pages, browser, "staff")
    again = refreshed(pages, tokens).json()
    for use in ("id", "access"):
        before, after = (verified(pages, one[f"{use}_token"]) for one in (tokens, again))
        assert after["cognito:groups"] == ["staff"]
        assert after["auth_time"] == before["auth_time"]


# -- mails --------------------------------------------------------------------------------------


def in_german(event: Event) -> Event:
    code = event["request"]["codeParameter"]
    source = event["triggerSource"].partition("_")[2]
    message = f"<p>Ihr Code: <b>{code}</b></p>"
    return {**event, "response": {"emailSubject": f"{source} {code}", "emailMessage": message}}


def mail_to(pages: LoginPages, address: str) -> dict[str, str]:
    """The newest one; empty without any."""
    mails = requests.get(f"{pages.origin}/inbox.json", timeout=10).json()
    return next((mail for mail in mails if mail["to"] == address), {})


def test_custom_message_writes_the_mails_of_sign_up_resend_and_reset(
    pages: LoginPages, browser: Browser
) -> None:
    pages.on("CustomMessage", in_german)
    sign_up(browser, pages)
    mail = mail_to(pages, "ada@example.com")
    assert (mail["subject"], mail["code"]) == ("SignUp 123456", "123456")
    assert mail["text"].split() == ["Ihr", "Code:", "123456"]
    browser.press("Send a new code")
    assert mail_to(pages, "ada@example.com")["subject"] == "ResendCode 123456"
    browser.press("Confirm", code="123456")
    browser.follow("Forgot your password?")
    browser.press("Send the code", username="ada")
    assert mail_to(pages, "ada@example.com")["subject"] == "ForgotPassword 654321"
    event = pages.trigger_events[0]
    assert event["request"]["userAttributes"]["cognito:user_status"] == "UNCONFIRMED"
    assert event["response"] == {"smsMessage": None, "emailMessage": None, "emailSubject": None}


def test_what_custom_message_leaves_out_stays_as_it_was(
    pages: LoginPages, browser: Browser
) -> None:
    sign_up(browser, pages)
    usual = mail_to(pages, "ada@example.com")
    pages.on("CustomMessage", lambda event: {**event, "response": {"emailSubject": "Hello"}})
    browser.press("Send a new code")
    mail = mail_to(pages, "ada@example.com")
    assert (mail["subject"], mail["text"]) == ("Hello", usual["text"])


def without_code(event: Event) -> Event:
    return {**event, "response": {"emailMessage": "Welcome!"}}


def with_a_number(event: Event) -> Event:
    return {**event, "response": {"emailSubject": 5}}


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (refuse, "CustomMessage failed with error only on Mondays."),
        (without_code, UNREADABLE),
        (with_a_number, UNREADABLE),
    ],
)
def test_a_refused_mail_is_said_and_not_sent(
    pages: LoginPages, browser: Browser, do: Any, said: str
) -> None:
    own = pages.pool_id.partition("_")[2].lower()  # the inbox is shared by the tests
    pages.on("CustomMessage", do)
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS | {"email": f"{own}@example.com"})
    assert browser.page.alert == said
    pages.new_user(own)
    browser.authorize()
    browser.follow("Forgot your password?")
    browser.press("Send the code", username=own)
    assert said in browser.page.text
    assert mail_to(pages, f"{own}@example.com") == {}
