"""Cognito's endpoints, over the wire."""

from __future__ import annotations

import base64
import hashlib
import io
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from aws_lambda_powertools import Logger
from foyer.aws.secret_store import SecretStore
from foyer.cognito.answers import Tokens
from foyer.cognito.answers import bearer_error as bearer_error_in
from foyer.cognito.http import Answer, Upstream
from foyer.cognito.oauth import AppClient
from foyer.errors import BadGateway, Refused, RequestFailed, Unavailable
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_cognito import FakeCognito
from tests.fake_tokens import base64url
from tests.vault import Vault
from tests.wire_faults import JSON, Fault, Reply, bearer_error, oauth_error

VERIFIER = "a-code-verifier-of-more-than-43-characters-it-has-to-be"
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())


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
    )


def ample() -> float:
    return time.monotonic() + 30


def code_from(fake: FakeCognito, cognito: AppClient, **changes: Any) -> str:
    """Goes to managed login and back; returns the code."""
    how: dict[str, Any] = {
        "redirect_uri": fake.redirect_uris[0],
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": CHALLENGE,
        "lang": None,
        "login_hint": None,
        "prompt": None,
        **changes,
    }
    callback = fake.visit(cognito.sign_in_url("/oauth2/authorize", **how))
    return dict(parse_qsl(urlsplit(callback).query))["code"]


def exchange(fake: FakeCognito, cognito: AppClient, **changes: Any) -> Tokens:
    how: dict[str, Any] = {
        "code": changes.get("code") or code_from(fake, cognito),
        "redirect_uri": fake.redirect_uris[0],
        "code_verifier": VERIFIER,
        "deadline": ample(),
        **changes,
    }
    return cognito.exchange_code(**how)


def refresh(cognito: AppClient, refresh_token: str) -> Tokens:
    return cognito.refresh(refresh_token, deadline=ample())


def revoke(cognito: AppClient, refresh_token: str) -> None:
    cognito.revoke(refresh_token, deadline=ample())


# URLs for the browser


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/signup"])
def test_sign_in_and_sign_up_urls_carry_every_parameter(path: str) -> None:
    url = urlsplit(
        offline().sign_in_url(
            path,
            redirect_uri="https://app.example/callback",
            state="s",
            nonce="n",
            code_challenge="x",
            lang="pt-BR",
            login_hint="a+b@example.com",
            prompt=None,
        )
    )
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"https://login.example{path}"
    assert parse_qs(url.query) == {
        "response_type": ["code"],
        "client_id": ["c"],
        "redirect_uri": ["https://app.example/callback"],
        "scope": ["openid email profile"],
        "state": ["s"],
        "nonce": ["n"],
        "code_challenge": ["x"],
        "code_challenge_method": ["S256"],
        "lang": ["pt-BR"],
        "login_hint": ["a+b@example.com"],
    }


def offline() -> AppClient:
    keys = "https://issuer.example/jwks.json"
    return client_at("https://login.example", "https://back.example", keys, client_id="c")


OFFLINE = offline()


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.none() | st.just("de"))
def test_whatever_a_hint_holds_it_stays_one_parameter(hint: str, lang: str | None) -> None:
    url = OFFLINE.sign_in_url(
        "/signup",
        redirect_uri="r",
        state="s",
        nonce="n",
        code_challenge="x",
        lang=lang,
        login_hint=hint,
        prompt=None,
    )
    query = dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
    assert query.get("login_hint") == hint
    assert query.get("lang") == lang
    assert len(query) == 9 + (lang is not None)
    assert "+" not in url  # a space is %20, which every parser reads the same way
    assert url.isascii()


def test_the_sign_out_url_names_client_and_way_back() -> None:
    url = offline().logout_url(logout_uri="https://app.example/?a=b&c")
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


def test_back_channel_calls_go_to_the_back_channel(fake: FakeCognito) -> None:
    cognito = client_at(
        "https://login.example",
        fake.domain_url,
        fake.jwks_url,
        client_id=fake.client_id,
        client_secret=fake.client_secret,
    )
    with pytest.raises(Refused, match="token_invalid_grant"):
        exchange(fake, cognito, code="no-such-code")
    with pytest.raises(Refused, match="userinfo_invalid_token"):
        cognito.userinfo("no-such-token", deadline=ample())
    revoke(cognito, "no-such-token")
    assert fake.upstream_calls == 3


def test_tokens_stay_out_of_the_repr(fake: FakeCognito, cognito: AppClient) -> None:
    assert repr(exchange(fake, cognito)) == f"Tokens(client_id={fake.client_id!r}, expires_in=3600)"


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
def test_a_wrong_client_is_refused(fake: FakeCognito, cognito: AppClient, field: str) -> None:
    with pytest.raises(Refused, match="token_invalid_client"):
        exchange(fake, app_client(fake, **{field: "another"}), code=code_from(fake, cognito))


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    "error",
    [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ],
)
def test_an_oauth_error_is_passed_on_by_name(
    fake: FakeCognito, cognito: AppClient, error: str, status: int
) -> None:
    fake.fault("token", oauth_error(error, status))
    with pytest.raises(Refused) as caught:
        exchange(fake, cognito)
    assert (caught.value.error, caught.value.reason) == (error, f"token_{error}")


def answering(body: bytes, status: int = 200, content_type: str = JSON) -> Fault:
    reply = Reply(status, body, {"Content-Type": content_type})
    return lambda line, _: line.send(reply.to_bytes())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "made up"}', "token_failed"),
        (b'{"error": "unsupported_token_type"}', "token_failed"),
        (b'{"error": ["invalid_grant"]}', "token_failed"),
        (b'{"error": {}}', "token_failed"),
        (b"{}", "token_failed"),
        (b"<html>", "token_answer_malformed"),
        (b'{"error": "invalid_grant", "error": "x"}', "token_answer_malformed"),
    ],
)
def test_an_error_that_is_not_known_is_not_passed_on(
    fake: FakeCognito, cognito: AppClient, body: bytes, reason: str
) -> None:
    fake.fault("token", answering(body, status=400))
    with pytest.raises(BadGateway) as caught:
        exchange(fake, cognito)
    assert caught.value.reason == reason
    assert not isinstance(caught.value, Refused)
    assert "made up" not in str(caught.value)


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
    with pytest.raises(BadGateway) as caught:
        calls[endpoint]()
    assert caught.value.reason == f"{endpoint}_{reason}"
    assert fake.upstream_calls == before + 1


@pytest.mark.parametrize("status", [201, 202, 204, 403])
def test_only_a_200_is_an_answer(fake: FakeCognito, cognito: AppClient, status: int) -> None:
    fake.fault("jwks", answering(b"" if status == 204 else b"{}", status))
    with pytest.raises(BadGateway, match="jwks_failed"):
        cognito.signing_keys(deadline=ample())


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json;charset=UTF-8", "Application/JWK-Set+JSON", "text/json"],
)
def test_content_types_that_mean_json_are_taken(
    fake: FakeCognito, cognito: AppClient, content_type: str
) -> None:
    fake.fault("jwks", answering(b'{"keys": []}', content_type=content_type))
    assert cognito.signing_keys(deadline=ample()) == {"keys": []}


@pytest.mark.parametrize(
    "content_type", ["", "text/html", "text/plain; x=/json", "application/jwt", "json"]
)
def test_other_content_types_are_not(
    fake: FakeCognito, cognito: AppClient, content_type: str
) -> None:
    fake.fault("jwks", answering(b'{"keys": []}', content_type=content_type))
    with pytest.raises(BadGateway, match="jwks_answer_malformed"):
        cognito.signing_keys(deadline=ample())


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER"])
def test_the_token_type_is_read_in_any_case(
    fake: FakeCognito, cognito: AppClient, token_type: str
) -> None:
    fake.token_answer = {"token_type": token_type}
    assert exchange(fake, cognito).access_token


@pytest.mark.parametrize(
    ("sent", "kept"), [(1, 1), (86_400, 86_400), (86_401, 86_400), (10**30, 86_400), (None, None)]
)
def test_a_lifetime_is_a_number_of_seconds_cut_to_a_day_or_left_unsaid(
    fake: FakeCognito, cognito: AppClient, sent: int | None, kept: int | None
) -> None:
    fake.token_answer = {"expires_in": sent}
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
    with pytest.raises(BadGateway) as caught:
        exchange(fake, cognito)
    assert (caught.value.reason, caught.value.detail) == ("token_answer_malformed", name)


def test_a_throttled_answer_says_how_long_to_wait(fake: FakeCognito, cognito: AppClient) -> None:
    fake.fault("token", "http_429")
    with pytest.raises(Unavailable) as caught:
        exchange(fake, cognito)
    assert (caught.value.reason, caught.value.retry_after) == ("token_throttled", 7)


# Refreshing and revoking


def test_a_refresh_gives_new_tokens_and_by_default_no_new_refresh_token(
    fake: FakeCognito, cognito: AppClient
) -> None:
    first = exchange(fake, cognito)
    second = refresh(cognito, first.refresh_token or "")
    assert second.refresh_token is None
    assert second.access_token != first.access_token


def test_a_refresh_may_leave_the_id_token_out(fake: FakeCognito, cognito: AppClient) -> None:
    first = exchange(fake, cognito)
    fake.token_answer = {"id_token": None}
    assert refresh(cognito, first.refresh_token or "").id_token is None


def test_a_refused_revocation_says_so(fake: FakeCognito, cognito: AppClient) -> None:
    with pytest.raises(Refused) as caught:
        revoke(app_client(fake, client_secret="another"), "any")
    assert caught.value.reason == "revoke_invalid_client"
    fake.fault("revoke", "unsupported_token_type")
    with pytest.raises(Refused, match="revoke_unsupported_token_type"):
        revoke(cognito, "any")


def test_a_failed_revocation_says_so(fake: FakeCognito, cognito: AppClient) -> None:
    fake.fault("revoke", "http_500")
    with pytest.raises(BadGateway, match="revoke_failed"):
        revoke(cognito, "any")


@pytest.mark.parametrize("call", [exchange, revoke])
def test_a_code_and_a_token_stay_out_of_errors(
    fake: FakeCognito, cognito: AppClient, call: Any
) -> None:
    """Whatever the network does: an error's text ends up in a log."""
    names = {exchange: {"code": "very-secret"}, revoke: {"refresh_token": "very-secret"}}
    endpoint = "token" if call is exchange else "revoke"
    for kind in ("reset", "not_http", "invalid_grant", "http_500", "refused"):
        fake.fault(endpoint, kind)
        with pytest.raises(RequestFailed) as caught:
            call(cognito, **names[call]) if call is revoke else call(fake, cognito, **names[call])
        assert "very-secret" not in f"{caught.value!s} {caught.value.__dict__}"


# UserInfo


def test_userinfo_tells_who_it_is(fake: FakeCognito, cognito: AppClient) -> None:
    tokens = exchange(fake, cognito)
    claims = cognito.userinfo(tokens.access_token, deadline=ample())
    assert claims["sub"] == fake.user.sub
    assert claims["email_verified"] == "true"


@pytest.mark.parametrize(
    ("error", "status"),
    [("invalid_token", 401), ("invalid_request", 400), ("insufficient_scope", 403)],
)
def test_a_bearer_error_is_passed_on_by_name(
    fake: FakeCognito, cognito: AppClient, error: str, status: int
) -> None:
    fake.fault("userinfo", bearer_error(error, status))
    with pytest.raises(Refused) as caught:
        cognito.userinfo("any", deadline=ample())
    assert (caught.value.error, caught.value.reason) == (error, f"userinfo_{error}")


def challenged(challenge: str, status: int = 401) -> Fault:
    reply = Reply(status, b"", {"WWW-Authenticate": challenge})
    return lambda line, _: line.send(reply.to_bytes())


@pytest.mark.parametrize(
    "fault",
    [
        challenged(""),
        challenged("Bearer"),
        challenged('Bearer error="made_up"'),
        challenged('Digest error="invalid_token"'),
        challenged('Bearer error="invalid_token"', status=500),
        challenged('error="invalid_token", Bearer'),
    ],
)
def test_a_challenge_that_is_not_known_is_not_passed_on(
    fake: FakeCognito, cognito: AppClient, fault: Fault
) -> None:
    fake.fault("userinfo", fault)
    with pytest.raises(BadGateway) as caught:
        cognito.userinfo("any", deadline=ample())
    assert caught.value.reason == "userinfo_failed"


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
    tokens = exchange(fake, cognito)
    fake.userinfo_answer = {"sub": sub}
    with pytest.raises(BadGateway) as caught:
        cognito.userinfo(tokens.access_token, deadline=ample())
    assert caught.value.reason == "userinfo_answer_malformed"
