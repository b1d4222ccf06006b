"""Cognito's endpoints, over the wire."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
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
from foyer.cognito.answers import KNOWN_ERRORS, Tokens
from foyer.cognito.answers import bearer_error as bearer_error_in
from foyer.cognito.http import Answer, Upstream
from foyer.cognito.oauth import AppClient
from foyer.errors import BadGateway, Refused, RequestFailed
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fake_cognito import FakeCognito
from tests.fake_secrets_manager import Vault
from tests.fake_tokens import base64url
from tests.wire_faults import JSON, Fault, Reply, bearer_error, oauth_error

LOGIN = "https://login.example"  # for browsers; the function calls another origin
VERIFIER = "a-code-verifier-of-more-than-43-characters-it-has-to-be"
SIGN_IN: dict[str, Any] = {
    "redirect_uri": "http://localhost:3000/callback",
    "state": "s",
    "nonce": "n",
    "code_challenge": base64url(hashlib.sha256(VERIFIER.encode()).digest()),
    "lang": None,
    "login_hint": None,
    "prompt": None,
}


@pytest.fixture
def fake() -> Iterator[FakeCognito]:
    with FakeCognito() as cognito:
        yield cognito


def app_client(backchannel: str, jwks: str, **fields: str) -> AppClient:
    """``fields`` are of the secret."""
    log = Logger(service=uuid.uuid4().hex, stream=io.StringIO())
    return AppClient(
        Upstream(requests.Session(), time.monotonic),
        SecretStore(Vault(**fields), "s", clock=time.monotonic, log=log),
        domain_url=LOGIN,
        backchannel_url=backchannel,
        jwks_url=jwks,
        scope="openid email profile",
        resource="",
        early_seconds=0,
    )


def call(endpoint: str, fake: FakeCognito) -> Any:
    """A call that Cognito accepts."""
    cognito = app_client(fake.domain_url, fake.jwks_url, **fake.credentials)
    ample = time.monotonic() + 30
    match endpoint:
        case "token":
            location = cognito.sign_in_url("/oauth2/authorize", **SIGN_IN)
            callback = fake.visit(location.replace(LOGIN, fake.domain_url))
            return cognito.exchange_code(
                code=dict(parse_qsl(urlsplit(callback).query))["code"],
                redirect_uri=SIGN_IN["redirect_uri"],
                code_verifier=VERIFIER,
                deadline=ample,
            )
        case "revoke":
            return cognito.revoke("any", deadline=ample)
        case "userinfo":
            return cognito.userinfo(exchange(fake).access_token, deadline=ample)
    return cognito.signing_keys(deadline=ample)


def exchange(fake: FakeCognito) -> Tokens:
    """Goes to managed login and back for a code, and exchanges it."""
    tokens: Tokens = call("token", fake)
    return tokens


def failure_of(endpoint: str, fake: FakeCognito) -> RequestFailed:
    with pytest.raises(RequestFailed) as caught:
        call(endpoint, fake)
    return caught.value


OFFLINE = app_client("https://back.example", "", client_id="c")


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.none() | st.just("pt-BR"))
@example("a+b@example.com", "de")
def test_a_sign_in_url_carries_every_parameter_whatever_a_hint_holds(
    hint: str, lang: str | None
) -> None:
    for path in ("/oauth2/authorize", "/signup"):
        url = urlsplit(OFFLINE.sign_in_url(path, **SIGN_IN | {"login_hint": hint, "lang": lang}))
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{LOGIN}{path}"
        expected = SIGN_IN | {"login_hint": hint, "lang": lang, "response_type": "code"}
        expected |= {"client_id": "c", "scope": "openid email profile"}
        expected |= {"code_challenge_method": "S256"}
        present = [(name, value) for name, value in expected.items() if value is not None]
        assert sorted(parse_qsl(url.query, keep_blank_values=True)) == sorted(present)
        # A space is %20, which every parser reads the same way.
        assert "+" not in url.query
        assert url.query.isascii()


def test_the_secret_goes_as_it_is_to_token_and_revocation_endpoint_alone(fake: FakeCognito) -> None:
    for endpoint in ("userinfo", "jwks", "revoke"):
        call(endpoint, fake)
    assert "+" in fake.client_secret
    pair = f"{fake.client_id}:{fake.client_secret}".encode()
    for endpoint in ("authorize", "token", "userinfo", "jwks", "revoke"):
        (arrived,) = fake.requests[endpoint]
        sent = arrived.headers.get("Authorization") == f"Basic {base64.b64encode(pair).decode()}"
        assert sent == (endpoint in {"token", "revoke"})
        assert fake.client_secret.encode() not in arrived.body
        assert fake.client_secret not in str(arrived.query)


def test_tokens_stay_out_of_the_repr(fake: FakeCognito) -> None:
    assert repr(exchange(fake)) == f"Tokens(client_id={fake.client_id!r}, expires_in=3600)"


@pytest.mark.parametrize("endpoint", KNOWN_ERRORS)
def test_a_known_error_is_passed_on_by_name(fake: FakeCognito, endpoint: str) -> None:
    is_bearer = endpoint == "userinfo"
    answered, statuses = bearer_error if is_bearer else oauth_error, [400, 401]
    statuses += [403] if is_bearer else []
    for error, status in itertools.product(KNOWN_ERRORS[endpoint], statuses):
        fake.fault(endpoint, answered(error, status))
        failure = failure_of(endpoint, fake)
        assert isinstance(failure, Refused)
        assert (failure.error, failure.reason) == (error, f"{endpoint}_{error}")


def answering(body: bytes, status: int = 200, **headers: str) -> Fault:
    return Reply(status, body, {"Content-Type": JSON, **headers}).always()


def challenged(challenge: str, status: int = 401) -> Fault:
    return answering(b"", status, **{"WWW-Authenticate": challenge})


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
        *((answering(b"", status), "jwks_failed") for status in (201, 202, 204, 403, 404, 503)),
        (answering(b"", 500), "revoke_failed"),
        *((answering(body), "jwks_answer_malformed") for body in (b"", b"[]", b'{"a":1,"a":1}')),
    ],
)
def test_an_unknown_error_is_not_passed_on(fake: FakeCognito, fault: Fault, reason: str) -> None:
    endpoint = reason.partition("_")[0]
    fake.fault(endpoint, fault)
    failure = failure_of(endpoint, fake)
    assert (type(failure), failure.reason) == (BadGateway, reason)
    assert "made up" not in str(failure)
    assert fake.calls(endpoint) == 1


def test_only_an_answer_whose_type_is_json_is_read(fake: FakeCognito) -> None:
    for json in (JSON, "application/json", "Application/JWK-Set+JSON", "text/json"):
        fake.fault("jwks", answering(b'{"keys": []}', 200, **{"Content-Type": json}))
        assert call("jwks", fake) == {"keys": []}
    for other in ("", "text/html", "text/plain; x=/json", "application/jwt", "json"):
        fake.fault("jwks", answering(b'{"keys": []}', 200, **{"Content-Type": other}))
        assert failure_of("jwks", fake).reason == "jwks_answer_malformed"


def test_a_long_challenge_is_read_once() -> None:
    """With a pattern that goes back to each "Bearer", this would take an hour."""

    def give_up(*_: object) -> None:
        raise AssertionError("the pattern takes quadratic time")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(30)
    try:
        bearer_error_in("userinfo", Answer(401, {"WWW-Authenticate": "Bearer " * 200_000}, b""))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_a_lifetime_is_at_most_a_day_and_may_be_missing(fake: FakeCognito) -> None:
    for sent, kept in ((1, 1), (86_400, 86_400), (86_401, 86_400), (10**30, 86_400), (None, None)):
        fake.token_answer = {"expires_in": sent, "token_type": "BEARER"}
        assert exchange(fake).expires_in == kept


ODD_MEMBERS: dict[str, list[object]] = {
    "token_type": [None, "", "mac", "DPoP", 1, ["Bearer"]],
    "expires_in": ["3600", 0, -1, 3600.5, True, []],
    "id_token": [None, "", 7, ["x"], "a b", "a\r\nb", "é"],
    "access_token": [None, "", 7, {}, "a b", "a\nb", "a\n", "é", "="],
    "refresh_token": ["", 7, False, "a b", "a\n", "é"],
}


@pytest.mark.parametrize("name", ODD_MEMBERS)
def test_tokens_with_an_odd_member_are_refused(fake: FakeCognito, name: str) -> None:
    for value in ODD_MEMBERS[name]:
        fake.token_answer = {name: value}
        failure = failure_of("token", fake)
        assert (failure.reason, failure.detail) == ("token_answer_malformed", name)


def test_userinfo_without_a_subject_is_refused(fake: FakeCognito) -> None:
    for sub in (None, 7, "", ["x"]):
        fake.userinfo_answer = {"sub": sub}
        assert failure_of("userinfo", fake).reason == "userinfo_answer_malformed"
