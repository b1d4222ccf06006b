"""The back channel: tokens, UserInfo, revocation, with Cognito's error codes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.stack.login_pages import CALLBACK, VERIFIER, Browser, LoginPages

pytestmark = pytest.mark.stack


@pytest.fixture
def code(pages: LoginPages, browser: Browser) -> str:
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    return browser.returned["code"]


@pytest.fixture
def tokens(pages: LoginPages, code: str) -> dict[str, Any]:
    answer: dict[str, Any] = pages.exchange(code).json()
    return answer


def post(pages: LoginPages, path: str, auth: Any = None, **form: str) -> requests.Response:
    return requests.post(f"{pages.origin}{path}", form, auth=auth, timeout=10)


def grant(code: str, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    } | changes


def test_a_code_is_exchanged_once(pages: LoginPages, code: str) -> None:
    client = {"client_id": pages.client_id, "client_secret": pages.secret}
    answer = post(pages, "/oauth2/token", **client, **grant(code))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json()) == {
        "access_token",
        "id_token",
        "refresh_token",
        "token_type",
        "expires_in",
    }
    again = pages.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "http://localhost:9/callback/"}, "unauthorized_client"),
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
    ],
)
def test_a_bad_token_request_gets_cognitos_error_code(
    pages: LoginPages, code: str, changes: dict[str, str], error: str
) -> None:
    answer = pages.token(**grant(code) | changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("kind", ["authorization_code", "refresh_token"])
def test_a_client_that_does_not_prove_itself_is_invalid(
    pages: LoginPages, tokens: dict[str, Any], kind: str
) -> None:
    form = grant("any", grant_type=kind, refresh_token=tokens["refresh_token"])
    bearer = {"Authorization": "Bearer x"}
    for answer in (
        post(pages, "/oauth2/token", (pages.client_id, "x" * 51), **form),
        post(pages, "/oauth2/token", client_id=pages.client_id, **form),
        post(pages, "/oauth2/token", ("unknown", pages.secret), **form),
        requests.post(f"{pages.origin}/oauth2/token", form, headers=bearer, timeout=10),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_malformed_token_request_is_invalid(pages: LoginPages) -> None:
    url, auth = f"{pages.origin}/oauth2/token", (pages.client_id, pages.secret)
    for answer in (
        requests.post(url, [*grant("any").items(), ("code", "any")], auth=auth, timeout=10),
        requests.post(url, json={}, auth=auth, timeout=10),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_code_and_a_refresh_token_serve_their_own_client_only(
    pages: LoginPages, code: str
) -> None:
    other = pages.new_client()
    others = (other["ClientId"], other["ClientSecret"])
    answer = post(pages, "/oauth2/token", others, **grant(code))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": pages.exchange(code).json()["refresh_token"],
    }
    assert {"access_token", "id_token"} <= set(pages.token(**refresh).json())
    answer = post(pages, "/oauth2/token", others, **refresh)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("what", ["disabled", "deleted", "nonsense"])
def test_a_refresh_that_cognito_would_refuse_is_an_invalid_grant(
    pages: LoginPages, tokens: dict[str, Any], what: str
) -> None:
    refresh_token = "nonsense" if what == "nonsense" else tokens["refresh_token"]
    if what == "disabled":
        pages.cognito.admin_disable_user(UserPoolId=pages.pool_id, Username="ada")
    if what == "deleted":
        pages.cognito.admin_delete_user(UserPoolId=pages.pool_id, Username="ada")
    answer = pages.token(grant_type="refresh_token", refresh_token=refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def user_info(pages: LoginPages, authorization: str | None) -> requests.Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    return requests.get(f"{pages.origin}/oauth2/userInfo", headers=headers, timeout=10)


def test_user_info_says_who_it_is(pages: LoginPages, tokens: dict[str, Any]) -> None:
    answer = user_info(pages, f"Bearer {tokens['access_token']}")
    assert answer.status_code == 200
    claims = answer.json()
    assert (claims["name"], claims["email"]) == ("Ada Lovelace", "ada@example.com")
    assert claims["email_verified"] == "true"  # a string, as Cognito has it
    assert claims["sub"] == pages.user("ada")["sub"]


def test_user_info_without_a_good_token_is_refused(pages: LoginPages) -> None:
    for authorization, status, error in (
        (None, 400, "invalid_request"),
        ("Basic YTpi", 400, "invalid_request"),
        ("Bearer nonsense", 401, "invalid_token"),
    ):
        answer = user_info(pages, authorization)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def revoke(pages: LoginPages, token: str, auth: Any = ()) -> requests.Response:
    credentials = auth if auth != () else (pages.client_id, pages.secret)
    return post(pages, "/oauth2/revoke", credentials, token=token)


def test_revocation_ends_refresh_token_and_access_token(
    pages: LoginPages, tokens: dict[str, Any]
) -> None:
    for _ in range(2):  # the second time it is revoked already
        answer = revoke(pages, tokens["refresh_token"])
        assert (answer.status_code, answer.content) == (200, b"")
    refreshed = pages.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.json()["error"] == "invalid_grant"
    assert user_info(pages, f"Bearer {tokens['access_token']}").status_code == 401


def test_revocation_refuses_what_cognito_refuses(pages: LoginPages, tokens: dict[str, Any]) -> None:
    other = pages.new_client()
    seen = [
        revoke(pages, ""),
        revoke(pages, tokens["access_token"]),
        revoke(pages, tokens["refresh_token"], None),
        revoke(pages, tokens["refresh_token"], (pages.client_id, "wrong")),
        revoke(pages, tokens["refresh_token"], (other["ClientId"], other["ClientSecret"])),
    ]
    assert [(a.status_code, a.json()["error"]) for a in seen] == [
        (400, "invalid_request"),
        (400, "unsupported_token_type"),
        (401, "invalid_client"),
        (401, "invalid_client"),
        (401, "invalid_client"),
    ]
    assert user_info(pages, f"Bearer {tokens['access_token']}").status_code == 200


def test_a_client_without_revocation_cannot_revoke(
    pages: LoginPages, tokens: dict[str, Any]
) -> None:
    pages.cognito.update_user_pool_client(
        UserPoolId=pages.pool_id, ClientId=pages.client_id, EnableTokenRevocation=False
    )
    answer = revoke(pages, tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
