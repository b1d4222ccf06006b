"""Cognito's endpoints, over the wire."""

from __future__ import annotations

import base64
import hashlib
import io
import signal
import time
import uuid
from collections.abc import Iterator
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
        early_seconds=0,
    )


OFFLINE = client_at("https://login.example", "https://back.example", "", client_id="c")


def ample() -> float:
    return time.monotonic() + 30


def exchange(fake: FakeCognito, cognito: AppClient | None = None, code: str = "") -> Tokens:
    """Goes to managed login and back for a code, and exchanges it."""
    cognito, redirect_uri = cognito or app_client(fake), fake.redirect_uris[0]
    if not code:
        asked: Any = {**SIGN_IN, "redirect_uri": redirect_uri}
        callback = fake.visit(cognito.sign_in_url("/oauth2/authorize", **asked))
        code = dict(parse_qsl(urlsplit(callback).query))["code"]
    return cognito.exchange_code(
        code=code, redirect_uri=redirect_uri, code_verifier=VERIFIER, deadline=ample()
    )


def call(endpoint: str, fake: FakeCognito, secret: str = "") -> object:
    """Sends the secret, or what Cognito accepts."""
    cognito = app_client(fake)
    match endpoint:
        case "token":
            return exchange(fake, cognito, code=secret)
        case "revoke":
            cognito.revoke(secret or "any", deadline=ample())
            return None
        case "userinfo":
            access_token = secret or exchange(fake, cognito).access_token
            return cognito.userinfo(access_token, deadline=ample())
    return cognito.signing_keys(deadline=ample())


def failure_of(endpoint: str, fake: FakeCognito, secret: str = "") -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        call(endpoint, fake, secret)
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


# Calls


def test_the_client_authenticates_with_id_and_secret_as_they_are(fake: FakeCognito) -> None:
    exchange(fake)
    (arrived,) = fake.requests["token"]
    credentials = base64.b64decode(arrived.headers["Authorization"].removeprefix("Basic "))
    assert credentials.decode() == f"{fake.client_id}:{fake.client_secret}"
    assert "+" in fake.client_secret


def test_the_secret_goes_to_token_and_revocation_endpoint_alone(fake: FakeCognito) -> None:
    cognito = app_client(fake)
    tokens = exchange(fake, cognito)
    cognito.userinfo(tokens.access_token, deadline=ample())
    cognito.signing_keys(deadline=ample())
    cognito.revoke(tokens.refresh_token or "", deadline=ample())
    for endpoint in ("authorize", "token", "userinfo", "jwks", "revoke"):
        for arrived in fake.requests[endpoint]:
            has_secret = "Basic" in arrived.headers.get("Authorization", "")
            assert has_secret == (endpoint in {"token", "revoke"})
            assert fake.client_secret.encode() not in arrived.body
            assert fake.client_secret not in str(arrived.query)


def test_calls_from_the_function_go_to_the_back_channel(fake: FakeCognito) -> None:
    known = {"client_id": fake.client_id, "client_secret": fake.client_secret}
    cognito = client_at("https://login.example", fake.domain_url, fake.jwks_url, **known)
    with pytest.raises(Refused, match="token_invalid_grant"):
        exchange(fake, cognito, code="unknown")
    with pytest.raises(Refused, match="userinfo_invalid_token"):
        cognito.userinfo("unknown", deadline=ample())
    cognito.revoke("unknown", deadline=ample())
    assert fake.upstream_calls == 3


def test_tokens_stay_out_of_the_repr(fake: FakeCognito) -> None:
    assert repr(exchange(fake)) == f"Tokens(client_id={fake.client_id!r}, expires_in=3600)"


@pytest.mark.parametrize("endpoint", ["token", "revoke", "userinfo"])
@pytest.mark.parametrize("kind", ["reset", "not_http", "invalid_grant", "http_500", "refused"])
def test_a_code_and_a_token_stay_out_of_errors(fake: FakeCognito, endpoint: str, kind: str) -> None:
    """Whatever the network does: an error's text ends up in a log."""
    fake.fault(endpoint, kind)
    failure = failure_of(endpoint, fake, "very-secret")
    assert "very-secret" not in f"{failure} {failure.__dict__}"


# Errors


KNOWN_ERRORS = [
    *(
        ("token", oauth_error(error, status), error)
        for status in (400, 401)
        for error in ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
                      "unsupported_grant_type", "invalid_scope")
    ),
    ("revoke", oauth_error("invalid_client"), "invalid_client"),
    ("revoke", oauth_error("unsupported_token_type"), "unsupported_token_type"),
    ("userinfo", bearer_error("invalid_token", 401), "invalid_token"),
    ("userinfo", bearer_error("invalid_request", 400), "invalid_request"),
    ("userinfo", bearer_error("insufficient_scope", 403), "insufficient_scope"),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "fault", "error"), KNOWN_ERRORS)
def test_a_known_error_is_passed_on_by_name(
    fake: FakeCognito, endpoint: str, fault: Fault, error: str
) -> None:
    fake.fault(endpoint, fault)
    failure = failure_of(endpoint, fake)
    assert isinstance(failure, Refused)
    assert (failure.error, failure.reason) == (error, f"{endpoint}_{error}")


def answering(body: bytes, status: int = 200, content_type: str = JSON) -> Fault:
    reply = Reply(status, body, {"Content-Type": content_type})
    return lambda line, _: line.send(reply.to_bytes())


def challenged(challenge: str, status: int = 401) -> Fault:
    reply = Reply(status, b"", {"WWW-Authenticate": challenge})
    return lambda line, _: line.send(reply.to_bytes())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (answering(b'{"error": "made up"}', 400), "token_failed"),
        (answering(b'{"error": "unsupported_token_type"}', 400), "token_failed"),
        (answering(b'{"error": ["invalid_grant"]}', 400), "token_failed"),
        (answering(b"{}", 400), "token_failed"),
        (answering(b"<html>", 400), "token_answer_malformed"),
        (answering(b'{"error": "invalid_grant", "error": "x"}', 400), "token_answer_malformed"),
        (challenged(""), "userinfo_failed"),
        (challenged("Bearer"), "userinfo_failed"),
        (challenged('Bearer error="made_up"'), "userinfo_failed"),
        (challenged('Digest error="invalid_token"'), "userinfo_failed"),
        (challenged('Bearer error="invalid_token"', status=500), "userinfo_failed"),
        (challenged('error="invalid_token", Bearer'), "userinfo_failed"),
        *((answering(b"", status), "jwks_failed") for status in (201, 202, 204, 403)),
        (answering(b"", 500), "revoke_failed"),
    ],
)
def test_an_unknown_error_is_not_passed_on(fake: FakeCognito, fault: Fault, reason: str) -> None:
    endpoint = reason.partition("_")[0]
    fake.fault(endpoint, fault)
    failure = failure_of(endpoint, fake)
    assert (type(failure), failure.reason) == (BadGateway, reason)
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
def test_a_senseless_answer_is_refused(
    fake: FakeCognito, endpoint: str, kind: str, reason: str
) -> None:
    fake.fault(endpoint, kind)
    failure = failure_of(endpoint, fake)
    assert (type(failure), failure.reason) == (BadGateway, f"{endpoint}_{reason}")
    assert fake.calls(endpoint) == 1


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json;charset=UTF-8", "Application/JWK-Set+JSON", "text/json"],
)
def test_an_answer_whose_type_is_json_is_read(fake: FakeCognito, content_type: str) -> None:
    fake.fault("jwks", answering(b'{"keys": []}', content_type=content_type))
    assert call("jwks", fake) == {"keys": []}


@pytest.mark.parametrize(
    "content_type", ["", "text/html", "text/plain; x=/json", "application/jwt", "json"]
)
def test_an_answer_of_another_type_is_not_read(fake: FakeCognito, content_type: str) -> None:
    fake.fault("jwks", answering(b'{"keys": []}', content_type=content_type))
    assert failure_of("jwks", fake).reason == "jwks_answer_malformed"


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


# Members of answers


@pytest.mark.parametrize(
    ("sent", "kept"), [(1, 1), (86_400, 86_400), (86_401, 86_400), (10**30, 86_400), (None, None)]
)
def test_a_lifetime_is_at_most_a_day_and_may_be_missing(
    fake: FakeCognito, sent: int | None, kept: int | None
) -> None:
    fake.token_answer = {"expires_in": sent, "token_type": "BEARER"}
    assert exchange(fake).expires_in == kept


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
def test_tokens_with_an_odd_member_are_refused(fake: FakeCognito, name: str, value: object) -> None:
    fake.token_answer = {name: value}
    with pytest.raises(BadGateway) as caught:
        exchange(fake)
    assert (caught.value.reason, caught.value.detail) == ("token_answer_malformed", name)


def test_a_refresh_may_leave_the_id_token_out(fake: FakeCognito) -> None:
    first = exchange(fake)
    fake.token_answer = {"id_token": None}
    assert app_client(fake).refresh(first.refresh_token or "", deadline=ample()).id_token is None


@pytest.mark.parametrize("sub", [None, 7, "", ["x"]])
def test_userinfo_without_a_subject_is_refused(fake: FakeCognito, sub: object) -> None:
    fake.userinfo_answer = {"sub": sub}
    tokens = exchange(fake)
    with pytest.raises(BadGateway, match="userinfo_answer_malformed"):
        app_client(fake).userinfo(tokens.access_token, deadline=ample())
