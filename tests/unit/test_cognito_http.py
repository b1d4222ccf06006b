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
from foyer.cognito import http as upstream
from foyer.cognito.http import Upstream
from foyer.errors import BadGateway, GatewayTimeout, RequestFailed, Unavailable
from foyer.transport import ReadInTime

from tests.certificates import server_context
from tests.fake_cognito import FakeCognito
from tests.wire_faults import Fault, Line, Reply


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito() as fake:
        yield fake


def soon() -> float:
    return time.monotonic() + 0.3


def ample() -> float:
    return time.monotonic() + 30


def ask_for_keys(cognito: FakeCognito, deadline: float | None = None, **how: Any) -> bytes:
    """The plainest GET: the key set."""
    client = Upstream(how.get("http") or requests.Session(), time.monotonic)
    deadline = ample() if deadline is None else deadline
    return client.get("jwks", cognito.jwks_url, {}, deadline=deadline).body


def post(client: Upstream, cognito: FakeCognito) -> None:
    client.post("token", f"{cognito.domain_url}/oauth2/token", {}, {}, deadline=ample())


def reason_for(cognito: FakeCognito, deadline: float | None = None) -> tuple[int, str]:
    with pytest.raises(RequestFailed) as caught:
        ask_for_keys(cognito, deadline)
    return caught.value.status, caught.value.reason


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("refused", 502, "jwks_unreachable"),
        ("reset", 502, "jwks_unreachable"),
        ("not_http", 502, "jwks_unreachable"),
        ("redirect", 502, "jwks_redirected"),
        ("http_429", 503, "jwks_throttled"),
        ("gzipped", 502, "jwks_answer_encoded"),
        ("gzip_bomb", 502, "jwks_answer_encoded"),
        ("truncated", 502, "jwks_answer_cut_short"),
        ("huge", 502, "jwks_answer_too_large"),
        ("endless", 502, "jwks_answer_too_large"),
        ("large_head", 502, "jwks_answer_too_large"),
        ("many_headers", 502, "jwks_answer_too_large"),
        ("endless_head", 502, "jwks_answer_too_large"),
    ],
)
def test_each_fault_of_the_wire_has_its_status_and_reason(
    cognito: FakeCognito, kind: str, status: int, reason: str
) -> None:
    cognito.fault("jwks", kind)
    assert reason_for(cognito) == (status, reason)


@pytest.mark.parametrize("limit", ["deadline", "total"])
@pytest.mark.parametrize("kind", ["hang", "late", "drip", "drip_head", "in_two_parts"])
def test_the_deadline_and_the_total_cover_the_whole_answer(
    cognito: FakeCognito, kind: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_two_parts(line: Line, reply: Reply) -> None:
        answer = reply.to_bytes()
        for part in (answer[:1], answer[1:]):
            line.closing.wait(0.2)
            line.send(part)

    cognito.fault("jwks", in_two_parts if kind == "in_two_parts" else kind)
    if limit == "total":
        monkeypatch.setattr(upstream, "TOTAL_SECONDS", 0.3)
    assert reason_for(cognito, soon() if limit == "deadline" else ample()) == (504, "jwks_timeout")


def test_what_arrives_after_the_deadline_is_not_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=0) as raw:
        theirs.sendall(b"late")
        with pytest.raises(TimeoutError):
            ReadInTime(raw, ours, time.monotonic() - 1).readinto(bytearray(4))


def test_a_late_answer_within_the_time_limit_is_used(cognito: FakeCognito) -> None:
    cognito.fault("jwks", "late")
    assert ask_for_keys(cognito).startswith(b'{"keys"')


def test_nothing_is_sent_once_the_deadline_has_passed(cognito: FakeCognito) -> None:
    assert reason_for(cognito, time.monotonic() - 1) == (504, "jwks_timeout")
    assert cognito.upstream_calls == 0


class RecordingSession(requests.Session):
    """Keeps what it was asked to do."""

    timeout: urllib3.Timeout | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.timeout = kwargs["timeout"]
        return super().request(*args, **kwargs)


def test_connecting_may_take_two_seconds_and_everything_five(cognito: FakeCognito) -> None:
    http = RecordingSession()
    ask_for_keys(cognito, http=http)
    assert http.timeout is not None
    assert (http.timeout.connect_timeout, http.timeout.total) == (2.0, 5.0)


@pytest.mark.parametrize("kind", ["redirect", "reset", "http_429", "not_http", "truncated"])
def test_nothing_is_tried_twice_and_no_redirect_followed(cognito: FakeCognito, kind: str) -> None:
    cognito.fault("jwks", kind)
    reason_for(cognito)
    assert cognito.upstream_calls == 1


def throttling(retry_after: str) -> Fault:
    fields = {"Retry-After": retry_after} if retry_after else {}
    return lambda line, _: line.send(Reply(429, b"", fields).to_bytes())


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("301", 300),
        ("9" * 5000, 5),
        ("", 5),
        ("-1", 5),
        ("²", 5),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 5),
    ],
)
def test_retry_after_is_passed_on_in_limits(cognito: FakeCognito, value: str, seconds: int) -> None:
    cognito.fault("jwks", throttling(value))
    with pytest.raises(Unavailable) as caught:
        ask_for_keys(cognito)
    assert caught.value.retry_after == seconds


def sized(size: int) -> Fault:
    return lambda line, _: line.send(Reply(200, b"x" * size).to_bytes())


def test_an_answer_may_have_64_kib_and_not_a_byte_more(cognito: FakeCognito) -> None:
    cognito.fault("jwks", sized(64 * 1024))
    assert len(ask_for_keys(cognito)) == 64 * 1024
    cognito.fault("jwks", sized(64 * 1024 + 1))
    assert reason_for(cognito) == (502, "jwks_answer_too_large")


def test_identity_is_asked_for_and_may_be_named(cognito: FakeCognito) -> None:
    cognito.fault("jwks", lambda line, reply: line.send(
        reply.head(Content_Encoding="Identity") + reply.body
    ))  # fmt: skip
    assert ask_for_keys(cognito)
    assert cognito.requests["jwks"][0].headers["Accept-Encoding"] == "identity"


def test_one_visitors_cookie_is_not_sent_with_the_next_ones_request(cognito: FakeCognito) -> None:
    cognito.cookies = ["XSRF-TOKEN=of-one-visitor; Path=/", "other=1"]
    http = requests.Session()
    client = Upstream(http, time.monotonic)
    for _ in range(2):
        client.get("jwks", cognito.jwks_url, {}, deadline=ample())
        post(client, cognito)
    arrived = [*cognito.requests["jwks"], *cognito.requests["token"]]
    assert len(arrived) == 4
    assert not any("Cookie" in request.headers for request in arrived)
    assert len(http.cookies) == 0


def test_proxies_of_the_environment_are_not_used(
    cognito: FakeCognito, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask_for_keys(cognito)


def test_a_netrc_file_does_not_replace_our_authorization(
    cognito: FakeCognito, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client = Upstream(requests.Session(), time.monotonic)
    client.get("jwks", cognito.jwks_url, {"Authorization": "Bearer ours"}, deadline=ample())
    assert cognito.requests["jwks"][0].headers["Authorization"] == "Bearer ours"


def test_a_connection_that_died_unnoticed_does_not_break_a_post(cognito: FakeCognito) -> None:
    client = Upstream(requests.Session(), time.monotonic)
    cognito.fault("token", "reset_if_reused")
    try:
        for _ in range(3):
            post(client, cognito)
    except BadGateway:
        pytest.fail("sent over a connection that had died")
    assert cognito.calls("token") == 3


def test_a_get_reuses_the_connection_of_the_post_before(cognito: FakeCognito) -> None:
    client = Upstream(requests.Session(), time.monotonic)
    reused = []

    def note(line: Line, reply: Reply) -> None:
        reused.append(line.served_before)
        line.send(reply.to_bytes())

    cognito.fault("userinfo", note)
    post(client, cognito)
    client.get("userinfo", f"{cognito.domain_url}/oauth2/userInfo", {}, deadline=ample())
    assert reused == [1]


def test_a_header_that_cannot_be_sent_is_not_quoted(cognito: FakeCognito) -> None:
    token = "the-" + "token\n"  # in two parts, because a traceback quotes source lines
    client = Upstream(requests.Session(), time.monotonic)
    with pytest.raises(BadGateway) as caught:
        client.get("jwks", cognito.jwks_url, {"Authorization": token}, deadline=ample())
    assert caught.value.reason == "jwks_unreachable"
    assert "the-token" not in "".join(traceback.format_exception(caught.value))


# TLS


def trusting(authority: str | bool | None) -> requests.Session:
    http = requests.Session()
    http.verify = authority
    return http


@pytest.mark.parametrize("verify", [True, False, None])
def test_an_unknown_authoritys_certificate_is_refused(tmp_path: Path, verify: bool | None) -> None:
    with FakeCognito(tls=server_context(tmp_path, tmp_path / "ca.pem")) as cognito:
        with pytest.raises(Exception, match=r".") as caught:
            ask_for_keys(cognito, http=trusting(verify))
        assert isinstance(caught.value, BadGateway)
        assert caught.value.reason == "jwks_unreachable"
        assert cognito.upstream_calls == 0


def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    tls = server_context(tmp_path, authority, address="127.0.0.2")
    with FakeCognito(tls=tls) as cognito, pytest.raises(BadGateway) as caught:
        ask_for_keys(cognito, http=trusting(str(authority)))
    assert caught.value.reason == "jwks_unreachable"


def test_over_tls_a_trusted_server_is_called_and_a_dripping_answer_given_up(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    with FakeCognito(tls=server_context(tmp_path, authority)) as cognito:
        assert ask_for_keys(cognito, http=trusting(str(authority)))
        cognito.fault("jwks", "drip")
        with pytest.raises(GatewayTimeout):
            ask_for_keys(cognito, soon(), http=trusting(str(authority)))
