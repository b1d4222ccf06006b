"""Calls to AWS over the wire: signed, within limits, tried twice, with the right credentials."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from foyer.aws.calls import DYNAMODB, SECRETS_MANAGER, Calls, Service, endpoint
from foyer.aws.connections import ANSWER_BYTES
from foyer.aws.credentials import AwsCredentials
from foyer.aws.secrets_manager import SecretsManager
from foyer.aws.signing import signed
from foyer.clocks import Clocks
from foyer.errors import AwsUnreachable, ConfigurationError, Unavailable
from hypothesis import given
from hypothesis import strategies as st

from tests.aws_endpoints import botocores, regions
from tests.certificates import server_context
from tests.fake_secrets_manager import FakeSecretsManager
from tests.ports import REFUSING_PORT
from tests.wire_faults import WIRE_FAULTS, Reply, refusal

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}

opened: list[Calls | SecretsManager] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()


@pytest.fixture
def server() -> Iterator[FakeSecretsManager]:
    with FakeSecretsManager() as made:
        yield made


def calls(
    server: FakeSecretsManager,
    *,
    keys: dict[str, str] = KEYS,
    authorities: str | None = None,
    **clocks: Any,
) -> Calls:
    environ = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": server.url, **keys}
    made = Clocks(**{"pause": lambda _: None, **clocks})
    opened.append(client := Calls(environ, SECRETS_MANAGER, authorities=authorities, clocks=made))
    return client


def secrets_manager(url: str, paused: list[float] | None = None, **keys: str) -> SecretsManager:
    environ = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": url, **KEYS}
    clocks = Clocks(pause=(paused if paused is not None else []).append)
    opened.append(client := SecretsManager(environ | keys, clocks))
    return client


def ask(client: Calls, seconds: float = 3.0) -> dict[str, Any]:
    return client.call("GetSecretValue", {"SecretId": "s"}, seconds=seconds)


def test_the_secret_is_one_signed_post_of_json(server: FakeSecretsManager) -> None:
    client = secrets_manager(server.url, AWS_SESSION_TOKEN="session")
    assert client.secret_text("s") == "kept"
    (arrived,) = server.requests
    headers = {name.lower(): value for name, value in arrived.headers.items()}
    assert (arrived.method, arrived.path, arrived.body) == ("POST", "/", b'{"SecretId": "s"}')
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amz-target"] == "secretsmanager.GetSecretValue"
    assert headers["x-amz-security-token"] == "session"
    assert headers["host"] == server.url.removeprefix("http://")
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/secretsmanager/aws4_request" in headers["authorization"]


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_an_answer_that_takes_too_long_is_given_up(server: FakeSecretsManager, kind: str) -> None:
    server.faults = [WIRE_FAULTS[kind]] * 2
    with pytest.raises(AwsUnreachable):
        ask(calls(server), seconds=0.15)


@pytest.mark.parametrize(
    "kind", ["reset", "garbage", "truncated", "endless", "redirect", "http_503"]
)
def test_a_fault_of_the_wire_is_tried_once_more(server: FakeSecretsManager, kind: str) -> None:
    server.faults = [WIRE_FAULTS[kind]] * 2
    with pytest.raises(AwsUnreachable):
        ask(calls(server))
    assert len(server.requests) == 2
    server.faults = [WIRE_FAULTS["reset"]]
    assert ask(calls(server))["SecretString"] == "kept"


def test_an_answer_cut_short_is_not_taken_even_if_it_is_json(server: FakeSecretsManager) -> None:
    server.faults = [Reply(body=b"{}", headers={"Content-Length": "9"}).always()]
    assert ask(calls(server))["SecretString"] == "kept"


@pytest.mark.parametrize(
    ("code", "status", "reason", "tries"),
    [
        ("ThrottlingException", 400, "secret_throttled", 2),
        ("ProvisionedThroughputExceededException", 400, "secret_refused", 2),
        ("com.amazon.coral.service#InternalServerError", 500, "secret_refused", 2),
        ("AccessDeniedException", 400, "secret_denied", 1),
        ("DecryptionFailure", 400, "secret_denied", 1),
        ("com.amazonaws.secretsmanager#ResourceNotFoundException", 400, "secret_not_found", 1),
        ("InvalidRequestException", 400, "secret_refused", 1),
        ("TooManyRequests", 429, "secret_throttled", 2),
        ("", 404, "secret_refused", 1),
    ],
)
def test_each_refusal_has_its_reason_and_only_what_may_pass_is_tried_once_more(
    server: FakeSecretsManager, code: str, status: int, reason: str, tries: int
) -> None:
    paused: list[float] = []
    server.faults = [refusal(code, status)] * 3
    with pytest.raises(Unavailable) as caught:
        secrets_manager(server.url, paused).secret_text("s")
    instead = {404: "HTTP 404", 429: "ThrottlingException"}
    detail = instead.get(status, code.rpartition("#")[2])
    assert (caught.value.reason, caught.value.detail) == (reason, detail)
    assert "canary" not in f"{caught.value.__cause__} {caught.value}"
    assert len(server.requests) == tries
    assert len(paused) == tries - 1
    assert all(0 < seconds < 0.5 for seconds in paused)


def test_a_refused_connection_is_unreachable() -> None:
    reason = "secret_unreachable: ConnectionRefusedError"
    with pytest.raises(Unavailable, match=reason):
        secrets_manager(f"http://127.0.0.1:{REFUSING_PORT}").secret_text("s")


def test_an_answer_may_have_a_mebibyte_and_not_a_byte_more(server: FakeSecretsManager) -> None:
    body = b"{" + b" " * (ANSWER_BYTES - 2) + b"}"
    server.faults = [Reply(200, body).always()]
    assert ask(calls(server)) == {}
    server.faults = [Reply(200, body + b" ").always()] * 2
    with pytest.raises(AwsUnreachable, match="over"):
        ask(calls(server))


def test_two_tries_take_six_seconds_at_most(server: FakeSecretsManager) -> None:
    """Each look at the clock takes two seconds; each try is given three."""
    looked: list[float] = []

    def clock() -> float:
        looked.append(2.0 * len(looked))
        return looked[-1]

    with pytest.raises(AwsUnreachable, match="no time left"):
        calls(server, monotonic=clock).call("GetSecretValue", {})
    assert server.requests == []


def test_a_connection_is_kept_for_a_while_and_replaced_when_it_has_died(
    server: FakeSecretsManager,
) -> None:
    elapsed = 0.0
    client = calls(server, monotonic=lambda: elapsed)
    for _ in range(3):
        ask(client)
    assert len(set(server.connections)) == 1
    server.faults = [WIRE_FAULTS["reset_if_reused"]]
    for _ in range(3):
        ask(client)
    assert server.faults == []
    assert len(set(server.connections)) == 2
    elapsed += 6
    ask(client)
    assert len(set(server.connections)) == 3


def test_a_session_token_that_cannot_be_sent_is_not_quoted(server: FakeSecretsManager) -> None:
    keys = {**KEYS, "AWS_SESSION_TOKEN": "the-token\nX-Evil: 1"}
    with pytest.raises(AwsUnreachable) as caught:
        ask(calls(server, keys=keys))
    assert "the-token" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert server.requests == []


@pytest.mark.parametrize(
    ("address", "trusts", "is_accepted"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("127.0.0.2", True, False)],
)
def test_a_strangers_certificate_or_one_of_another_host_is_refused(
    tmp_path: Path, address: str, trusts: bool, is_accepted: bool
) -> None:
    authority = tmp_path / "ca.pem"
    tls = server_context(tmp_path, authority, address=address)
    with FakeSecretsManager(tls=tls) as server:
        client = calls(server, authorities=str(authority) if trusts else None)
        if is_accepted:
            assert ask(client)["SecretString"] == "kept"
            return
        with pytest.raises(AwsUnreachable, match="SSLCertVerificationError"):
            ask(client)
        assert server.requests == []


# Credentials


def container(server: FakeSecretsManager, key_id: str, minutes: float) -> dict[str, str]:
    expires_at = datetime.now(UTC) + timedelta(minutes=minutes)
    server.containers_credentials = {
        "AccessKeyId": key_id,
        "SecretAccessKey": secrets.token_hex(16),
        "Token": f"of {key_id}",
        "Expiration": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/credentials"}


def test_under_snapstart_the_container_gives_credentials(
    server: FakeSecretsManager, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("of the file")
    variable = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "of the variable"}
    file = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
    for tokens, token in ((variable, "of the variable"), (variable | file, "of the file")):
        client = calls(server, keys=container(server, "AKIDCONTAINER", minutes=60) | tokens)
        assert server.authorizations == [], "a snapshot must hold no credentials"
        for _ in range(2):
            ask(client)
        headers = server.requests[-1].headers
        assert server.authorizations.pop() == token
        assert server.authorizations == [], "asked once"
        assert "Credential=AKIDCONTAINER/" in headers["Authorization"]
        assert headers["X-Amz-Security-Token"] == "of AKIDCONTAINER"


def test_credentials_are_renewed_early_or_used_until_they_expire(
    server: FakeSecretsManager,
) -> None:
    now = time.time()
    client = calls(server, keys=container(server, "AKIDFIRST", minutes=9), now=lambda: now)
    for key_id in ("AKIDFIRST", "AKIDSECOND"):
        container(server, key_id, minutes=9)
        ask(client)
        assert f"Credential={key_id}/" in server.requests[-1].headers["Authorization"]
    server.containers_credentials = {}
    ask(client)
    now += 9 * 60
    with pytest.raises(AwsUnreachable, match="no credentials"):
        ask(client)


@pytest.mark.parametrize(
    "url", ["", "http://169.254.0.1/", "http://evil.example/", "ftp://localhost/"]
)
def test_without_credentials_nothing_is_sent_and_no_foreign_host_is_asked_for_them(
    server: FakeSecretsManager, url: str
) -> None:
    keys = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}
    with pytest.raises(AwsUnreachable, match="no credentials"):
        ask(calls(server, keys={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", **keys}))
    assert (server.authorizations, server.requests) == ([], [])


# Endpoints


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_ENDPOINT_URL": ""},
        {"AWS_ENDPOINT_URL": "http://localhost:4566"},
        {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://b"},
        {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_DYNAMODB": "http://c"},
        {"AWS_ENDPOINT_URL": "http://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
)
def test_the_endpoint_is_the_one_that_boto3_would_call(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    session: Any = boto3.session.Session("AKIDEXAMPLE", "secret", region_name="eu-central-1")
    for service in (SECRETS_MANAGER, DYNAMODB):
        expected = session.client(service.name).meta.endpoint_url
        assert endpoint(variables, service, "eu-central-1") == expected


@pytest.mark.parametrize("service", [SECRETS_MANAGER, DYNAMODB], ids=lambda service: service.name)
def test_in_every_region_the_endpoint_is_botocores(service: Service) -> None:
    for (region, _), is_fips in itertools.product(regions(), (False, True)):
        expected = botocores(service.name, region, is_fips=is_fips)
        assert endpoint({"AWS_USE_FIPS_ENDPOINT": str(is_fips)}, service, region) == expected


@pytest.mark.parametrize("url", ["http://a/path", "http://a?b", "localhost:4566", "http://a:b"])
def test_an_endpoint_that_is_no_origin_and_a_missing_region_are_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Calls({"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": url}, SECRETS_MANAGER)
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        Calls({}, SECRETS_MANAGER)


# Signatures

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
hosts = ("secretsmanager.eu-central-1.amazonaws.com", "localhost:4566", "[::1]:4566", "[::1]")


@given(
    body=st.binary(max_size=300),
    host=st.sampled_from(hosts),
    service=st.sampled_from(["secretsmanager", "dynamodb"]),
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[0-9]", fullmatch=True),
    keys=st.builds(AwsCredentials, printable, printable, st.just("") | printable),
    target=st.lists(printable, min_size=1, max_size=4).map("  ".join),
    now=st.integers(0, 4_000_000_000),
)
def test_signatures_are_botocores(
    *,
    body: bytes,
    host: str,
    service: str,
    region: str,
    keys: AwsCredentials,
    target: str,
    now: int,
) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
    to = {"host": host, "service": service, "region": region}
    ours = signed(headers, body, **to, credentials=keys, now=now + 0.9)
    theirs = AWSRequest("POST", f"http://{host}/", headers, body)
    moment = datetime.fromtimestamp(now, UTC)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        token = keys.session_token or None
        botocores = Credentials(keys.access_key_id, keys.secret_access_key, token)
        SigV4Auth(botocores, service, region).add_auth(theirs)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        assert ours.get(name) == theirs.headers.get(name)
