"""testSecret's requests to the token endpoint, over HTTP on loopback."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator

import pytest
import urllib3
from foyer_rotation.errors import CallFailed, NotProven
from foyer_rotation.token_endpoint import TokenEndpoint, one_request

from tests.fake_cognito import FakeCognito


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito() as running:
        yield running


def prove(
    cognito: FakeCognito,
    client_secret: str = "",
    *,
    sleep: Callable[[float], None] = lambda _: None,
    connect: Callable[[], urllib3.PoolManager] = one_request,
) -> None:
    endpoint = TokenEndpoint(cognito.domain_url, cognito.redirect_uris[0], connect, sleep)
    endpoint.prove(cognito.client_id, client_secret or cognito.client_secret)


def test_the_request_is_client_secret_basic_with_raw_values_and_no_code_of_anybodys(
    cognito: FakeCognito,
) -> None:
    prove(cognito)
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


def test_a_new_client_secret_is_given_time_to_spread(cognito: FakeCognito) -> None:
    new = secrets.token_hex(24)
    slept: list[float] = []
    with pytest.raises(NotProven, match="invalid_client"):
        prove(cognito, new, sleep=slept.append)
    assert slept == [1, 2, 4, 8]

    def sleep(seconds: float) -> None:
        if seconds == 4:
            cognito.api.add(new)
        assert seconds < 8

    prove(cognito, new, sleep=sleep)


def test_an_endpoint_that_accepts_any_client_secret_proves_nothing(cognito: FakeCognito) -> None:
    cognito.fault("token", "invalid_grant")
    with pytest.raises(NotProven, match="invalid_grant"):
        prove(cognito)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("reset", "ProtocolError"),
        ("hang", "ReadTimeoutError"),
        ("truncated", "ProtocolError"),
        ("endless", "not an OAuth error"),
        ("garbage", "not an OAuth error"),
        ("http_503", "status 503"),
        ("redirect", "status 307"),
    ],
)
def test_a_failing_endpoint_proves_nothing_and_is_asked_once(
    cognito: FakeCognito, kind: str, named: str
) -> None:
    cognito.fault("token", kind)

    def connect() -> urllib3.PoolManager:
        pool = one_request()
        usual = pool.connection_pool_kw["timeout"]
        assert 0 < usual.connect_timeout <= 5
        assert 0 < usual.read_timeout <= 10
        pool.connection_pool_kw["timeout"] = urllib3.Timeout(0.2 if kind == "hang" else 5)
        return pool

    with pytest.raises(CallFailed, match=named) as caught:
        prove(cognito, connect=connect)
    assert cognito.client_secret not in str(caught.value)
    assert cognito.upstream_calls <= 1  # a request that was given up may not have arrived yet
