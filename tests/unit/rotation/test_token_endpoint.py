"""testSecret's requests to the token endpoint, over HTTP on loopback."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator

import pytest
import urllib3
from foyer_rotation.errors import CallFailed, NotProven
from foyer_rotation.token_endpoint import TokenEndpoint, one_request

from tests.fake_cognito import FakeCognito


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def endpoint(cognito: FakeCognito, slept: list[float]) -> TokenEndpoint:
    return TokenEndpoint(cognito.domain_url, cognito.redirect_uris[0], one_request, slept.append)


def test_the_request_is_client_secret_basic_with_raw_values_and_no_code_of_anybodys(
    endpoint: TokenEndpoint, cognito: FakeCognito, slept: list[float]
) -> None:
    endpoint.prove(cognito.client_id, cognito.client_secret)

    assert slept == []
    first, second = cognito.requests["token"]
    raw = base64.b64decode(first.headers["Authorization"].removeprefix("Basic ")).decode()
    assert raw == f"{cognito.client_id}:{cognito.client_secret}"
    assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert first.form["grant_type"] == "authorization_code"
    assert first.form["redirect_uri"] == cognito.redirect_uris[0]
    assert "client_secret" not in first.form
    assert first.headers["Authorization"] != second.headers["Authorization"]
    assert first.form.keys() == second.form.keys()
    assert first.form["code"] != second.form["code"]


def test_an_unknown_client_secret_is_not_proven(
    endpoint: TokenEndpoint, cognito: FakeCognito, slept: list[float]
) -> None:
    with pytest.raises(NotProven, match="invalid_client"):
        endpoint.prove(cognito.client_id, secrets.token_hex(24))
    assert 1 < sum(slept) <= 20


def test_a_new_client_secret_is_given_time_to_spread(cognito: FakeCognito) -> None:
    new = secrets.token_hex(24)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            cognito.api.add(new)

    endpoint = TokenEndpoint(cognito.domain_url, cognito.redirect_uris[0], one_request, sleep)
    endpoint.prove(cognito.client_id, new)

    assert slept == [1, 2, 4]


@pytest.mark.parametrize("answer", ["invalid_grant", "invalid_request", "unauthorized_client"])
def test_an_endpoint_that_answers_every_client_secret_alike_proves_nothing(
    endpoint: TokenEndpoint, cognito: FakeCognito, answer: str
) -> None:
    cognito.fault("token", answer)
    with pytest.raises(NotProven, match=answer):
        endpoint.prove(cognito.client_id, cognito.client_secret)


@pytest.mark.parametrize(
    "kind", ["reset", "truncated", "huge", "garbage", "empty", "not_http", "refused"]
)
def test_a_failing_endpoint_proves_nothing(
    endpoint: TokenEndpoint, cognito: FakeCognito, kind: str
) -> None:
    cognito.fault("token", kind)
    with pytest.raises(CallFailed) as caught:
        endpoint.prove(cognito.client_id, cognito.client_secret)
    assert cognito.client_secret not in str(caught.value)


def test_an_endpoint_that_hangs_is_given_up(cognito: FakeCognito, slept: list[float]) -> None:
    cognito.fault("token", "hang")
    endpoint = TokenEndpoint(
        cognito.domain_url,
        cognito.redirect_uris[0],
        lambda: urllib3.PoolManager(timeout=0.2, retries=False),
        slept.append,
    )
    with pytest.raises(CallFailed, match="ReadTimeoutError"):
        endpoint.prove(cognito.client_id, cognito.client_secret)


def test_the_pool_that_is_used_has_timeouts_and_does_not_send_twice() -> None:
    settings = one_request().connection_pool_kw
    assert 0 < settings["timeout"].connect_timeout <= 5
    assert 0 < settings["timeout"].read_timeout <= 10
    assert settings["retries"].total is False


def test_redirects_are_not_followed(endpoint: TokenEndpoint, cognito: FakeCognito) -> None:
    cognito.fault("token", "redirect")
    with pytest.raises(CallFailed, match="status 30"):
        endpoint.prove(cognito.client_id, cognito.client_secret)
    assert cognito.upstream_calls == 1
