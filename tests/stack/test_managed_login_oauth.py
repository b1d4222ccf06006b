"""The back channel: tokens, UserInfo, revocation, with Cognito's error codes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from local.managed_login.triggers import UNREADABLE
from tests.stack.login_pages import CALLBACK, Event, Pages, Visitor, refuse

Tokens = dict[str, Any]
CONFIGURED_2 = "PreTokenGenerationConfig:V2_0"


@pytest.fixture
def visitor(pages: Pages, visitor: Visitor) -> Visitor:
    """Just signed in, with a code."""
    pages.new_user("ada", "staff")
    visitor.sign_in()
    return visitor


@pytest.fixture
def tokens(pages: Pages, visitor: Visitor) -> Tokens:
    return issued(pages, visitor)


def issued(pages: Pages, visitor: Visitor, **request: str | None) -> Tokens:
    visitor.authorize(**request)
    answer: Tokens = pages.exchange(visitor.code).json()
    return answer


def told(answer: requests.Response) -> tuple[int, str]:
    """Status and error code."""
    assert answer.headers["Content-Type"] == "application/json"
    return answer.status_code, answer.json()["error"]


def test_a_code_is_exchanged_once(pages: Pages, visitor: Visitor) -> None:
    client = {"client_id": pages.client_id, "client_secret": pages.secret}
    answer = pages.exchange(visitor.code, None, **client)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    jwts = {"access_token", "id_token", "refresh_token"}
    assert set(answer.json()) == jwts | {"token_type", "expires_in"}
    assert told(pages.exchange(visitor.code)) == (400, "invalid_grant")


def test_a_bad_token_request_gets_cognitos_error_code(pages: Pages, visitor: Visitor) -> None:
    for changes, error in (
        ({"redirect_uri": f"{CALLBACK}/"}, "unauthorized_client"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"client_id": "another"}, "invalid_request"),
    ):
        visitor.authorize()
        answer = pages.exchange(**{"code": visitor.code} | changes)
        assert told(answer) == (400, error), changes
    url, auth = f"{pages.origin}/oauth2/token", (pages.client_id, pages.secret)
    twice = [("grant_type", "authorization_code"), ("code", "any"), ("code", "any")]
    assert told(requests.post(url, twice, auth=auth, timeout=10)) == (400, "invalid_request")
    assert told(requests.post(url, json={}, auth=auth, timeout=10)) == (400, "invalid_request")


def test_a_client_that_does_not_prove_itself_is_invalid(pages: Pages, tokens: Tokens) -> None:
    bearer = {"Authorization": "Bearer x"}
    url = f"{pages.origin}/oauth2/token"
    for kind in ("authorization_code", "refresh_token"):
        form = {"grant_type": kind, "code": "any", "refresh_token": tokens["refresh_token"]}
        for answer in (
            pages.post("/oauth2/token", (pages.client_id, "x" * 51), **form),
            pages.post("/oauth2/token", None, client_id=pages.client_id, **form),
            pages.post("/oauth2/token", ("unknown", pages.secret), **form),
            requests.post(url, form, headers=bearer, timeout=10),
        ):
            assert told(answer) == (400, "invalid_client")


def test_a_code_and_a_refresh_token_serve_their_own_client_only(
    pages: Pages, visitor: Visitor
) -> None:
    other = pages.new_client()
    others = (other["ClientId"], other["ClientSecret"])
    assert told(pages.exchange(visitor.code, others)) == (400, "invalid_grant")
    tokens = pages.exchange(visitor.code).json()
    assert told(pages.refresh(tokens, others)) == (400, "invalid_grant")
    assert {"access_token", "id_token"} <= set(pages.refresh(tokens).json())


def test_a_refresh_that_cognito_would_refuse_is_an_invalid_grant(
    pages: Pages, tokens: Tokens
) -> None:
    assert told(pages.refresh({"refresh_token": "nonsense"})) == (400, "invalid_grant")
    for operation in ("disable_user", "delete_user"):
        pages.administrate(operation)
        assert told(pages.refresh(tokens)) == (400, "invalid_grant"), operation


def user_info(pages: Pages, authorization: str | None) -> requests.Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    return requests.get(f"{pages.origin}/oauth2/userInfo", headers=headers, timeout=10)


def test_user_info_says_who_it_is_to_the_bearer_of_a_good_token(
    pages: Pages, tokens: Tokens
) -> None:
    answer = user_info(pages, f"Bearer {tokens['access_token']}")
    assert answer.status_code == 200
    user = {"name": "Ada Lovelace", "email": "ada@example.com", "sub": pages.user()["sub"]}
    assert {**user, "email_verified": "true"}.items() <= answer.json().items()
    for authorization, status, error in (
        (None, 400, "invalid_request"),
        ("Basic YTpi", 400, "invalid_request"),
        ("Bearer nonsense", 401, "invalid_token"),
    ):
        answer = user_info(pages, authorization)
        assert told(answer) == (status, error)
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_revocation_ends_refresh_token_and_access_token(pages: Pages, tokens: Tokens) -> None:
    def revoke(token: str, auth: Any = ()) -> requests.Response:
        return pages.post("/oauth2/revoke", auth, token=token)

    other, refresh_token = pages.new_client(), tokens["refresh_token"]
    for token, auth, expected in (
        ("", (), (400, "invalid_request")),
        (tokens["access_token"], (), (400, "unsupported_token_type")),
        (refresh_token, None, (401, "invalid_client")),
        (refresh_token, (pages.client_id, "wrong"), (401, "invalid_client")),
        (refresh_token, (other["ClientId"], other["ClientSecret"]), (401, "invalid_client")),
    ):
        assert told(revoke(token, auth)) == expected
    pages.change_client(EnableTokenRevocation=False)
    assert told(revoke(refresh_token)) == (400, "invalid_request")
    assert user_info(pages, f"Bearer {tokens['access_token']}").status_code == 200
    pages.change_client(EnableTokenRevocation=True)
    for _ in range(2):  # the second time it is revoked already
        answer = revoke(refresh_token)
        assert (answer.status_code, answer.content) == (200, b"")
    assert told(pages.refresh(tokens)) == (400, "invalid_grant")
    assert user_info(pages, f"Bearer {tokens['access_token']}").status_code == 401


# -- What the pages change in the tokens ---------------------------------------------------------


def test_tokens_keep_resource_groups_and_time_of_the_sign_in_at_a_refresh(
    pages: Pages, visitor: Visitor
) -> None:
    for resource in ("https://notes.example", "http://localhost:3000/api", "notes://api", None):
        tokens, times = issued(pages, visitor, resource=resource), set()
        for answer in (tokens, pages.refresh(tokens).json()):
            own, access = pages.claims(answer)
            assert (own["aud"], access.get("aud")) == (pages.client_id, resource)
            assert own["cognito:groups"] == access["cognito:groups"] == ["staff"]
            times |= {own["auth_time"], access["auth_time"]}
        assert len(times) == 1


def test_version_2_of_pre_token_generation_changes_both_tokens_at_sign_in_and_at_refresh(
    pages: Pages, visitor: Visitor
) -> None:
    def add_a_tenant(event: Event) -> Event:
        own = {"claimsToAddOrOverride": {"tenant": "acme", "sub": "x"}}
        details = {
            "idTokenGeneration": own,
            "accessTokenGeneration": own | {"scopesToAdd": ["new"]},
        }
        return {**event, "response": {"claimsAndScopeOverrideDetails": details}}

    pages.on(CONFIGURED_2, add_a_tenant)
    tokens = issued(pages, visitor)
    for answer in (tokens, pages.refresh(tokens).json()):
        own, access = pages.claims(answer)
        assert own["tenant"] == access["tenant"] == "acme"
        assert access["sub"] == own["sub"] == pages.user()["sub"]
        assert sorted(access["scope"].split()) == ["email", "new", "openid", "profile"]
        # The user pool accepts the changed token.
        known = user_info(pages, f"Bearer {answer['access_token']}")
        assert known.json()["username"] == "ada"
    assert pages.sources == ["TokenGeneration_HostedAuth", "TokenGeneration_RefreshTokens"]
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


def test_a_refusal_gives_no_tokens_no_code_and_no_session(pages: Pages, tokens: Tokens) -> None:
    pages.on("PreTokenGeneration", refuse)
    assert told(pages.refresh(tokens)) == (400, "invalid_grant")
    (event,) = pages.trigger_events
    assert (event["version"], event["response"]) == ("1", {"claimsOverrideDetails": None})
    assert "scopes" not in event["request"]
    other = Visitor(pages)
    other.sign_in()
    assert other.returned == {
        "error": "invalid_request",
        "error_description": "PreTokenGeneration failed with error only on Mondays.",
        "state": "the-state",
    }
    other.authorize()
    assert not other.left_for
    unreadable = {"response": {"claimsAndScopeOverrideDetails": "yes"}}
    pages.on(CONFIGURED_2, lambda event: event | unreadable)
    other.submit()
    assert other.returned["error_description"] == UNREADABLE
