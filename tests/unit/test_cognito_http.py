"""HTTP to servers that may misbehave: what every call to Cognito goes through."""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from foyer.cognito.http import Upstream
from foyer.errors import BadGateway, RequestFailed, Unavailable
from foyer.transport import ReadInTime

from tests.certificates import server_context
from tests.fake_cognito import FakeCognito
from tests.wire_faults import Fault, Line, Reply


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito() as fake:
        yield fake


def upstreams(http: requests.Session | None = None) -> Upstream:
    return Upstream(http or requests.Session(), time.monotonic)


def ask_for_keys(
    cognito: FakeCognito, seconds: float = 30, client: Upstream | None = None, **headers: str
) -> bytes:
    """The plainest GET: the key set."""
    client, deadline = client or upstreams(), time.monotonic() + seconds
    return client.get("jwks", cognito.jwks_url, headers, deadline=deadline).body


def post(client: Upstream, cognito: FakeCognito) -> None:
    url, deadline = f"{cognito.domain_url}/oauth2/revoke", time.monotonic() + 30
    client.post("revoke", url, {}, {"token": "any"}, deadline=deadline)


def reason_for(cognito: FakeCognito, seconds: float = 30) -> tuple[int, str]:
    with pytest.raises(RequestFailed) as caught:
        ask_for_keys(cognito, seconds)
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("reset", 502, "unreachable"),
        ("not_http", 502, "unreachable"),
        ("redirect", 502, "redirected"),
        ("http_429", 503, "throttled"),
        ("gzipped", 502, "answer_encoded"),
        ("truncated", 502, "answer_cut_short"),
        ("endless", 502, "answer_too_large"),
        ("large_head", 502, "answer_too_large"),
        ("many_headers", 502, "answer_too_large"),
        ("endless_head", 502, "answer_too_large"),
    ],
)
def test_each_fault_of_the_wire_has_its_status_and_reason_and_nothing_is_tried_twice(
    cognito: FakeCognito, kind: str, status: int, reason: str
) -> None:
    cognito.fault("jwks", kind)
    assert reason_for(cognito) == (status, f"jwks_{reason}")
    assert cognito.upstream_calls == 1


def in_two_parts(line: Line, reply: Reply) -> None:
    answer = reply.to_bytes()
    for part in (answer[:1], answer[1:]):
        line.closing.wait(0.1)
        line.send(part)


@pytest.mark.parametrize("fault", ["hang", "drip", "drip_head", in_two_parts])
def test_the_deadline_covers_the_whole_answer(cognito: FakeCognito, fault: str | Fault) -> None:
    cognito.fault("jwks", fault)
    assert reason_for(cognito, seconds=0.15) == (504, "jwks_timeout")


def test_a_slow_answer_within_the_time_limit_is_used(cognito: FakeCognito) -> None:
    cognito.fault("jwks", in_two_parts)
    assert ask_for_keys(cognito).startswith(b'{"keys"')


def test_what_arrives_after_the_deadline_is_not_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as raw:
        theirs.sendall(b"late")
        with pytest.raises(TimeoutError):
            ReadInTime(raw, ours, time.monotonic() - 1).readinto(bytearray(4))


def test_a_refused_connection_is_unreachable(cognito: FakeCognito) -> None:
    cognito.stop()
    assert reason_for(cognito) == (502, "jwks_unreachable")


def test_nothing_is_sent_once_the_deadline_has_passed(cognito: FakeCognito) -> None:
    assert reason_for(cognito, seconds=-1) == (504, "jwks_timeout")
    assert cognito.upstream_calls == 0


def test_connecting_may_take_two_seconds_and_everything_five(cognito: FakeCognito) -> None:
    granted: list[urllib3.Timeout] = []

    class Recording(requests.Session):
        def request(self, *args: Any, **kwargs: Any) -> requests.Response:
            granted.append(kwargs["timeout"])
            return super().request(*args, **kwargs)

    ask_for_keys(cognito, client=upstreams(Recording()))
    assert [(each.connect_timeout, each.total) for each in granted] == [(2.0, 5.0)]


RETRY_AFTER = {"7": 7, "0": 1, "301": 300, "9" * 5000: 5, "": 5, "-1": 5, "²": 5,
               "Wed, 21 Oct 2026 07:28:00 GMT": 5}  # fmt: skip


def test_retry_after_is_passed_on_in_limits(cognito: FakeCognito) -> None:
    for value, seconds in RETRY_AFTER.items():
        cognito.fault("jwks", Reply(429, headers={"Retry-After": value}).always())
        with pytest.raises(Unavailable) as caught:
            ask_for_keys(cognito)
        assert caught.value.retry_after == seconds


def test_an_answer_may_have_64_kib_and_not_a_byte_more(cognito: FakeCognito) -> None:
    body = b"x" * 64 * 1024
    cognito.fault("jwks", Reply(200, body).always())
    assert ask_for_keys(cognito) == body
    cognito.fault("jwks", Reply(200, body + b"x").always())
    assert reason_for(cognito) == (502, "jwks_answer_too_large")


def test_identity_is_asked_for_and_may_be_named(cognito: FakeCognito) -> None:
    cognito.fault("jwks", lambda line, reply: line.send(
        reply.head(Content_Encoding="Identity") + reply.body
    ))  # fmt: skip
    assert ask_for_keys(cognito)
    assert cognito.requests["jwks"][0].headers["Accept-Encoding"] == "identity"


def test_one_visitors_cookie_is_not_sent_with_the_next_ones_request(cognito: FakeCognito) -> None:
    for endpoint in ("jwks", "token"):
        cognito.fault(endpoint, lambda line, reply: line.send(
            reply.head(Set_Cookie="XSRF-TOKEN=of-one-visitor; Path=/") + reply.body
        ))  # fmt: skip
    http = requests.Session()
    client = upstreams(http)
    for _ in range(2):
        ask_for_keys(cognito, client=client)
        post(client, cognito)
    arrived = [*cognito.requests["jwks"], *cognito.requests["revoke"]]
    assert len(arrived) == 4
    assert not any("Cookie" in request.headers for request in arrived)
    assert len(http.cookies) == 0


def test_the_environment_gives_neither_a_proxy_nor_another_authorization(
    cognito: FakeCognito, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("no_proxy", "")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert ask_for_keys(cognito, Authorization="Bearer ours")
    assert cognito.requests["jwks"][0].headers["Authorization"] == "Bearer ours"


def test_a_connection_that_died_unnoticed_does_not_break_a_post(cognito: FakeCognito) -> None:
    client = upstreams()
    cognito.fault("revoke", "reset_if_reused")
    try:
        for _ in range(3):
            post(client, cognito)
    except BadGateway:
        pytest.fail("sent over a connection that had died")
    assert cognito.calls("revoke") == 3


def test_a_get_reuses_the_connection_of_the_post_before(cognito: FakeCognito) -> None:
    client = upstreams()
    reused = []

    def note(line: Line, reply: Reply) -> None:
        reused.append(line.served_before)
        line.send(reply.to_bytes())

    cognito.fault("userinfo", note)
    post(client, cognito)
    deadline = time.monotonic() + 30
    client.get("userinfo", f"{cognito.domain_url}/oauth2/userInfo", {}, deadline=deadline)
    assert reused == [1]


def test_a_header_that_cannot_be_sent_is_not_quoted(cognito: FakeCognito) -> None:
    token = "the-" + "token\n"  # in two parts, because a traceback quotes source lines
    with pytest.raises(BadGateway) as caught:
        ask_for_keys(cognito, Authorization=token)
    assert caught.value.reason == "jwks_unreachable"
    assert "the-token" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("address", "verify"),
    [("127.0.0.1", True), ("127.0.0.1", False), ("127.0.0.1", None), ("127.0.0.2", "authority")],
)
def test_a_certificate_of_an_unknown_authority_or_another_host_is_refused(
    tmp_path: Path, address: str, verify: bool | str | None
) -> None:
    http, authority = requests.Session(), tmp_path / "ca.pem"
    with FakeCognito(tls=server_context(tmp_path, authority, address=address)) as cognito:
        http.verify = str(authority) if verify == "authority" else verify
        with pytest.raises(Exception, match=r".") as caught:
            ask_for_keys(cognito, client=upstreams(http))
        assert isinstance(caught.value, BadGateway)
        assert caught.value.reason == "jwks_unreachable"
        assert cognito.upstream_calls == 0


def test_over_tls_a_trusted_server_is_called_and_a_dripping_answer_given_up(tmp_path: Path) -> None:
    http, authority = requests.Session(), tmp_path / "ca.pem"
    http.verify = str(authority)
    with FakeCognito(tls=server_context(tmp_path, authority)) as cognito:
        client = upstreams(http)
        assert ask_for_keys(cognito, client=client)
        cognito.fault("jwks", "drip")
        with pytest.raises(RequestFailed, match="jwks_timeout"):
            ask_for_keys(cognito, 0.15, client)
