"""Cognito's endpoints, over the wire."""

from __future__ import annotations

import base64
import hashlib
import io
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from aws_lambda_powertools import Logger
from foyer.aws.secret_store import SecretStore
from foyer.cognito.answers import Tokens
from foyer.cognito.answers import bearer_error as bearer_error_in
from foyer.cognito.http import Answer, Upstream
from foyer.cognito.oauth import AppClient
from foyer.errors import BadGateway, Refused, RequestFailed
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_cognito import FakeCognito
from tests.fake_secrets_manager import Vault
from tests.fake_tokens import base64url
from tests.wire_faults import JSON, Fault, Reply, bearer_error, oauth_error

VERIFIER = "a-code-verifier-of-more-than-43-characters-it-has-to-be"
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())
SIGN_IN = {
    "redirect_uri": "https://app.example/callback",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "lang": None,
    "login_hint": None,
    "prompt": None,
}


@pytest.fixture
def fake() -> Iterator[FakeCognito]:
    with FakeCognito() as cognito:
        yield cognito


@pytest.fixture
def cognito(fake: FakeCognito) -> AppClient:
    return app_client(fake)


def app_client(fake: FakeCognito, **fields: str) -> AppClient:
    """The client of the fake; ``fields`` are of the secret."""
    known = {"client_id": fake.client_id, "client_secret": fake.client_secret}
    return client_at(fake.domain_url, fake.domain_url, fake.jwks_url, **known | fields)


def client_at(domain: str, backchannel: str, jwks: str, **fields: str) -> AppClient:
    log = Logger(service=uuid.uuid4().hex, stream=io.StringIO())
    return AppClient(
        Upstream(requests.Session(), time.monotonic),
        SecretStore(Vault(**fields), "s", clock=time.monotonic, log=log),
        domain_url=domain,
        backchannel_url=backchannel,
        jwks_url=jwks,
        scope="openid email profile",
        resource="",
    )


OFFLINE = client_at("https://login.example", "https://back.example", "", client_id="c")


def ample() -> float:
    return time.monotonic() + 30


def exchange(fake: FakeCognito, cognito: AppClient, code: str = "") -> Tokens:
    """Goes to managed login and back for a code, and exchanges it."""
    redirect_uri = fake.redirect_uris[0]
    if not code:
        asked: Any = {**SIGN_IN, "redirect_uri": redirect_uri}
        callback = fake.visit(cognito.sign_in_url("/oauth2/authorize", **asked))
        code = dict(parse_qsl(urlsplit(callback).query))["code"]
    return cognito.exchange_code(
        code=code, redirect_uri=redirect_uri, code_verifier=VERIFIER, deadline=ample()
    )


def revoke(cognito: AppClient, refresh_token: str) -> None:
    cognito.revoke(refresh_token, deadline=ample())


def failure_of(call: Callable[[], object]) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        call()
    return caught.value


# URLs for the browser


def sent(asked: dict[str, Any]) -> dict[str, str]:
    """The parameters of managed login's URL when these are asked for."""
    always = {
        "response_type": "code",
        "client_id": "c",
        "scope": "openid email profile",
        "code_challenge_method": "S256",
    }
    return always | {name: value for name, value in asked.items() if value is not None}


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/signup"])
def test_sign_in_and_sign_up_urls_carry_every_parameter(path: str) -> None:
    asked: Any = {**SIGN_IN, "lang": "pt-BR", "login_hint": "a+b@example.com"}
    url = urlsplit(OFFLINE.sign_in_url(path, **asked))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"https://login.example{path}"
    assert dict(parse_qsl(url.query)) == sent(asked)


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.none() | st.just("de"))
def test_whatever_a_hint_holds_it_stays_one_parameter(hint: str, lang: str | None) -> None:
    asked: Any = {**SIGN_IN, "lang": lang, "login_hint": hint}
    url = OFFLINE.sign_in_url("/signup", **asked)
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    # A space is %20, which every parser reads the same way.
    assert (sorted(query), "+" in url, url.isascii()) == (sorted(sent(asked).items()), False, True)


def test_the_sign_out_url_names_client_and_way_back() -> None:
    url = OFFLINE.logout_url(logout_uri="https://app.example/?a=b&c")
    assert url == (
        "https://login.example/logout"
        "?client_id=c&logout_uri=https%3A%2F%2Fapp.example%2F%3Fa%3Db%26c"
    )


# Exchanging the code


def test_the_client_authenticates_with_id_and_secret_as_they_are(
    fake: FakeCognito, cognito: AppClient
) -> None:
    exchange(fake, cognito)
    (arrived,) = fake.requests["token"]
    credentials = base64.b64decode(arrived.headers["Authorization"].removeprefix("Basic "))
    assert credentials.decode() == f"{fake.client_id}:{fake.client_secret}"
    assert "+" in fake.client_secret


def test_the_secret_goes_to_token_and_revocation_endpoint_alone(
    fake: FakeCognito, cognito: AppClient
) -> None:
    tokens = exchange(fake, cognito)
    cognito.userinfo(tokens.access_token, deadline=ample())
    cognito.signing_keys(deadline=ample())
    revoke(cognito, tokens.refresh_token or "")
    for endpoint in ("authorize", "token", "userinfo", "jwks", "revoke"):
        for arrived in fake.requests[endpoint]:
            has_secret = "Basic" in arrived.headers.get("Authorization", "")
            assert has_secret == (endpoint in {"token", "revoke"})
            assert fake.client_secret.encode() not in arrived.body
            assert fake.client_secret not in str(arrived.query)


def test_calls_from_the_function_go_to_the_back_channel(fake: FakeCognito) -> None:
    known = {"client_id": fake.client_id, "client_secret": fake.client_secret}
    cognito = client_at("https://login.example", fake.domain_url, fake.jwks_url, **known)
    assert failure_of(partial(exchange, fake, cognito, "unknown")).reason == "token_invalid_grant"
    assert failure_of(lambda: cognito.userinfo("unknown", deadline=ample()))
    revoke(cognito, "unknown")
    assert fake.upstream_calls == 3


def test_tokens_stay_out_of_the_repr(fake: FakeCognito, cognito: AppClient) -> None:
    assert repr(exchange(fake, cognito)) == f"Tokens(client_id={fake.client_id!r}, expires_in=3600)"


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    "error",
    ["invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
     "unsupported_grant_type", "invalid_scope"],
)  # fmt: skip
def test_an_oauth_error_is_passed_on_by_name(
    fake: FakeCognito, cognito: AppClient, error: str, status: int
) -> None:
    fake.fault("token", oauth_error(error, status))
    failure = failure_of(lambda: exchange(fake, cognito))
    assert isinstance(failure, Refused)
    assert (failure.error, failure.reason) == (error, f"token_{error}")


def answering(body: bytes, status: int = 200, content_type: str = JSON) -> Fault:
    reply = Reply(status, body, {"Content-Type": content_type})
    return lambda line, _: line.send(reply.to_bytes())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "made up"}', "token_failed"),
        (b'{"error": "unsupported_token_type"}', "token_failed"),
        (b'{"error": ["invalid_grant"]}', "token_failed"),
        (b"{}", "token_failed"),
        (b"<html>", "token_answer_malformed"),
        (b'{"error": "invalid_grant", "error": "x"}', "token_answer_malformed"),
    ],
)
def test_an_error_that_is_not_known_is_not_passed_on(
    fake: FakeCognito, cognito: AppClient, body: bytes, reason: str
) -> None:
    fake.fault("token", answering(body, status=400))
    failure = failure_of(lambda: exchange(fake, cognito))
    assert type(failure) is BadGateway
    assert failure.reason == reason
    assert "made up" not in str(failure)


CONTENT_FAULTS = {
    "wrong_content_type": "answer_malformed",
    "garbage": "answer_malformed",
    "empty": "answer_malformed",
    "json_array": "answer_malformed",
    "duplicate_member": "answer_malformed",
    "http_404": "failed",
    "http_500": "failed",
    "http_503": "failed",
}


@pytest.mark.parametrize(("kind", "reason"), CONTENT_FAULTS.items())
@pytest.mark.parametrize("endpoint", ["token", "userinfo", "jwks"])
def test_an_answer_that_makes_no_sense_is_refused(
    fake: FakeCognito, cognito: AppClient, endpoint: str, kind: str, reason: str
) -> None:
    tokens = exchange(fake, cognito)
    calls: dict[str, Callable[[], object]] = {
        "token": lambda: exchange(fake, cognito),
        "userinfo": lambda: cognito.userinfo(tokens.access_token, deadline=ample()),
        "jwks": lambda: cognito.signing_keys(deadline=ample()),
    }
    fake.fault(endpoint, kind)
    before = fake.upstream_calls
    failure = failure_of(calls[endpoint])
    assert type(failure) is BadGateway
    assert failure.reason == f"{endpoint}_{reason}"
    assert fake.upstream_calls == before + 1


@pytest.mark.parametrize("status", [201, 202, 204, 403])
def test_only_a_200_is_an_answer(fake: FakeCognito, cognito: AppClient, status: int) -> None:
    fake.fault("jwks", answering(b"" if status == 204 else b"{}", status))
    assert failure_of(lambda: cognito.signing_keys(deadline=ample())).reason == "jwks_failed"


@pytest.mark.parametrize(
    ("content_type", "is_read"),
    [
        ("application/json", True),
        ("application/json;charset=UTF-8", True),
        ("Application/JWK-Set+JSON", True),
        ("text/json", True),
        ("", False),
        ("text/html", False),
        ("text/plain; x=/json", False),
        ("application/jwt", False),
        ("json", False),
    ],
)
def test_only_an_answer_whose_type_is_json_is_read(
    fake: FakeCognito, cognito: AppClient, content_type: str, is_read: bool
) -> None:
    fake.fault("jwks", answering(b'{"keys": []}', content_type=content_type))
    if is_read:
        assert cognito.signing_keys(deadline=ample()) == {"keys": []}
    else:
        failure = failure_of(lambda: cognito.signing_keys(deadline=ample()))
        assert failure.reason == "jwks_answer_malformed"


@pytest.mark.parametrize(
    ("sent", "kept"), [(1, 1), (86_400, 86_400), (86_401, 86_400), (10**30, 86_400), (None, None)]
)
def test_a_lifetime_is_at_most_a_day_and_may_be_missing(
    fake: FakeCognito, cognito: AppClient, sent: int | None, kept: int | None
) -> None:
    fake.token_answer = {"expires_in": sent, "token_type": "BEARER"}
    assert exchange(fake, cognito).expires_in == kept


ODD_MEMBERS: dict[str, list[object]] = {
    "token_type": [None, "", "mac", "DPoP", 1, ["Bearer"]],
    "expires_in": ["3600", 0, -1, 3600.5, True, []],
    "id_token": [None, "", 7, ["x"], "a b", "a\r\nb", "é"],
    "access_token": [None, "", 7, {}, "a b", "a\nb", "a\n", "é", "="],
    "refresh_token": ["", 7, False, "a b", "a\n", "é"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in ODD_MEMBERS.items() for value in values]
)
def test_a_token_answer_with_an_odd_member_is_refused(
    fake: FakeCognito, cognito: AppClient, name: str, value: object
) -> None:
    fake.token_answer = {name: value}
    failure = failure_of(lambda: exchange(fake, cognito))
    assert isinstance(failure, BadGateway)
    assert (failure.reason, failure.detail) == ("token_answer_malformed", name)


# Refreshing and revoking


def test_a_refresh_may_leave_the_id_token_out(fake: FakeCognito, cognito: AppClient) -> None:
    first = exchange(fake, cognito)
    fake.token_answer = {"id_token": None}
    assert cognito.refresh(first.refresh_token or "", deadline=ample()).id_token is None


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("invalid_client", "revoke_invalid_client"),
        ("unsupported_token_type", "revoke_unsupported_token_type"),
        ("http_500", "revoke_failed"),
    ],
)
def test_a_failed_revocation_is_an_error(
    fake: FakeCognito, cognito: AppClient, fault: str, reason: str
) -> None:
    fake.fault("revoke", fault)
    assert failure_of(lambda: revoke(cognito, "any")).reason == reason


@pytest.mark.parametrize("endpoint", ["token", "revoke"])
@pytest.mark.parametrize("kind", ["reset", "not_http", "invalid_grant", "http_500", "refused"])
def test_a_code_and_a_token_stay_out_of_errors(
    fake: FakeCognito, cognito: AppClient, endpoint: str, kind: str
) -> None:
    """Whatever the network does: an error's text ends up in a log."""
    fake.fault(endpoint, kind)
    if endpoint == "token":
        failure = failure_of(lambda: exchange(fake, cognito, code="very-secret"))
    else:
        failure = failure_of(lambda: revoke(cognito, "very-secret"))
    assert "very-secret" not in f"{failure} {failure.__dict__}"


# UserInfo


@pytest.mark.parametrize(
    ("error", "status"),
    [("invalid_token", 401), ("invalid_request", 400), ("insufficient_scope", 403)],
)
def test_a_bearer_error_is_passed_on_by_name(
    fake: FakeCognito, cognito: AppClient, error: str, status: int
) -> None:
    fake.fault("userinfo", bearer_error(error, status))
    failure = failure_of(lambda: cognito.userinfo("any", deadline=ample()))
    assert isinstance(failure, Refused)
    assert (failure.error, failure.reason) == (error, f"userinfo_{error}")


@pytest.mark.parametrize(
    ("challenge", "status"),
    [
        ("", 401),
        ("Bearer", 401),
        ('Bearer error="made_up"', 401),
        ('Digest error="invalid_token"', 401),
        ('Bearer error="invalid_token"', 500),
        ('error="invalid_token", Bearer', 401),
    ],
)
def test_a_challenge_that_is_not_known_is_not_passed_on(
    fake: FakeCognito, cognito: AppClient, challenge: str, status: int
) -> None:
    reply = Reply(status, b"", {"WWW-Authenticate": challenge})
    fake.fault("userinfo", lambda line, _: line.send(reply.to_bytes()))
    failure = failure_of(lambda: cognito.userinfo("any", deadline=ample()))
    assert (type(failure), failure.reason) == (BadGateway, "userinfo_failed")


def test_a_long_challenge_is_read_once() -> None:
    """With a pattern that goes back to each "Bearer", this would take days."""

    def give_up(*_: object) -> None:
        raise AssertionError("the pattern takes quadratic time")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    try:
        bearer_error_in("userinfo", Answer(401, {"WWW-Authenticate": "Bearer " * 1_000_000}, b""))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("sub", [None, 7, "", ["x"]])
def test_userinfo_without_a_subject_is_refused(
    fake: FakeCognito, cognito: AppClient, sub: object
) -> None:
    fake.userinfo_answer = {"sub": sub}
    access_token = exchange(fake, cognito).access_token
    failure = failure_of(lambda: cognito.userinfo(access_token, deadline=ample()))
    assert failure.reason == "userinfo_answer_malformed"
