"""Calls to AWS over the wire: signed, within limits, tried twice, with the right credentials."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from foyer.aws.calls import DYNAMODB, SECRETS_MANAGER, Calls, Service, endpoint
from foyer.aws.connections import ANSWER_BYTES
from foyer.clocks import Clocks
from foyer.errors import AwsRefused, AwsUnreachable, ConfigurationError

from tests.aws_endpoints import botocores, regions
from tests.certificates import server_context
from tests.fake_secrets_manager import FakeSecretsManager
from tests.wire_faults import WIRE_FAULTS, Line, Reply, json_reply, refusal

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI"}


opened: list[Calls] = []


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
    service: Service = SECRETS_MANAGER,
    *,
    keys: dict[str, str] = KEYS,
    authorities: str | None = None,
    **clocks: Any,
) -> Calls:
    environ = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": server.url, **keys}
    made = Clocks(**{"pause": lambda _: None, **clocks})
    opened.append(Calls(environ, service, authorities=authorities, clocks=made))
    return opened[-1]


def call(server: FakeSecretsManager, seconds: float = 3.0) -> dict[str, Any]:
    return calls(server).call("GetSecretValue", {"SecretId": "s"}, seconds=seconds)


def test_a_call_is_one_signed_post_of_json(server: FakeSecretsManager) -> None:
    keys = {**KEYS, "AWS_SESSION_TOKEN": "session"}
    calls(server, DYNAMODB, keys=keys).call("GetItem", {"TableName": "t"})
    (arrived,) = server.requests
    headers = {name.lower(): value for name, value in arrived.headers.items()}
    assert (arrived.method, arrived.path, arrived.body) == ("POST", "/", b'{"TableName": "t"}')
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["x-amz-security-token"] == "session"
    assert headers["host"] == server.url.removeprefix("http://")
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-central-1/dynamodb/aws4_request" in headers["authorization"]


@pytest.mark.parametrize(
    "kind", ["hang", "drip", "drip_head", "reset", "not_http", "garbage", "json_array", "truncated",
             "gzipped", "endless", "redirect", "http_503"],
)  # fmt: skip
def test_a_fault_of_the_wire_is_tried_once_more(server: FakeSecretsManager, kind: str) -> None:
    server.faults = [WIRE_FAULTS[kind]]
    assert call(server, seconds=0.5)["SecretString"] == "kept"
    server.faults = [WIRE_FAULTS[kind]] * 2
    with pytest.raises(AwsUnreachable):
        call(server, seconds=0.2)
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("code", "status", "tries"),
    [
        ("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", 400, 1),
        ("ThrottlingException", 400, 2),
        ("ProvisionedThroughputExceededException", 400, 2),
        ("com.amazon.coral.service#InternalServerError", 500, 2),
    ],
)
def test_a_refusal_has_its_code_and_only_what_may_pass_is_tried_once_more(
    server: FakeSecretsManager, code: str, status: int, tries: int
) -> None:
    paused: list[float] = []
    server.faults = [refusal(code, status)] * 3
    with pytest.raises(AwsRefused) as caught:
        calls(server, pause=paused.append).call("GetItem", {})
    assert caught.value.code == code.rpartition("#")[2]
    assert caught.value.fields["Message"] == "canary-message"
    assert "canary" not in str(caught.value)
    assert len(server.requests) == tries
    assert len(paused) == tries - 1
    assert all(0 < seconds < 0.5 for seconds in paused)


def test_a_json_answer_of_any_status_but_200_is_a_refusal(server: FakeSecretsManager) -> None:
    server.faults = [lambda line, _: line.send(json_reply({}, 404).to_bytes())]
    with pytest.raises(AwsRefused, match="HTTP 404"):
        call(server)


def sized(size: int) -> Callable[[Line, Reply], None]:
    body = b'{"padding": "' + b"x" * (size - 15) + b'"}'
    return lambda line, _: line.send(Reply(200, body).to_bytes())


def test_an_answer_may_have_a_mebibyte_and_not_a_byte_more(server: FakeSecretsManager) -> None:
    server.faults = [sized(ANSWER_BYTES)]
    assert call(server)
    server.faults = [sized(ANSWER_BYTES + 1)] * 2
    with pytest.raises(AwsUnreachable, match="over"):
        call(server)


def test_two_tries_take_six_seconds_at_most(server: FakeSecretsManager) -> None:
    """Each look at the clock takes two seconds; each try is given three."""
    looked: list[float] = []

    def clock() -> float:
        looked.append(2.0 * len(looked))
        return looked[-1]

    with pytest.raises(AwsUnreachable, match="no time left"):
        calls(server, monotonic=clock).call("GetSecretValue", {})
    assert server.requests == []


def test_a_connection_is_kept_and_replaced_when_it_has_died(server: FakeSecretsManager) -> None:
    client = calls(server)

    def three_calls() -> int:
        server.connections.clear()
        for _ in range(3):
            client.call("GetSecretValue", {})
        return len(set(server.connections))

    assert three_calls() == 1
    server.faults = [WIRE_FAULTS["reset_if_reused"]]
    assert three_calls() == 2
    assert server.faults == []


def test_an_idle_connection_is_not_used_again(server: FakeSecretsManager) -> None:
    elapsed = 0.0
    client = calls(server, monotonic=lambda: elapsed)
    client.call("GetSecretValue", {})
    elapsed += 6
    client.call("GetSecretValue", {})
    assert len(set(server.connections)) == 2


def test_a_session_token_that_cannot_be_sent_is_not_quoted(server: FakeSecretsManager) -> None:
    keys = {**KEYS, "AWS_SESSION_TOKEN": "the-token\nX-Evil: 1"}
    with pytest.raises(AwsUnreachable) as caught:
        calls(server, keys=keys).call("GetSecretValue", {})
    assert "the-token" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert server.requests == []


# TLS


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
            assert client.call("GetSecretValue", {})["SecretString"] == "kept"
            return
        with pytest.raises(AwsUnreachable, match="SSLCertVerificationError"):
            client.call("GetSecretValue", {})
        assert server.requests == []


# Credentials


def test_without_credentials_nothing_is_sent(server: FakeSecretsManager) -> None:
    for keys in ({}, {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}):
        with pytest.raises(AwsUnreachable, match="no credentials"):
            calls(server, keys=keys).call("GetSecretValue", {})
    assert server.requests == []


def container(server: FakeSecretsManager, key_id: str, minutes: float) -> dict[str, str]:
    expires_at = datetime.now(UTC) + timedelta(minutes=minutes)
    server.containers_credentials = {
        "AccessKeyId": key_id,
        "SecretAccessKey": secrets.token_hex(16),
        "Token": f"of {key_id}",
        "Expiration": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/credentials"}


@pytest.mark.parametrize("kept_in", ["file", "variable"])
def test_under_snapstart_the_container_gives_credentials(
    server: FakeSecretsManager, tmp_path: Path, kept_in: str
) -> None:
    token = secrets.token_hex(16)
    keys = container(server, "AKIDCONTAINER", minutes=60)
    if kept_in == "file":
        (tmp_path / "token").write_text(token)
        keys["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")
        keys["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "the file goes first"
    else:
        keys["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    client = calls(server, keys=keys)
    assert server.authorizations == [], "a snapshot must hold no credentials"

    for _ in range(2):
        client.call("GetSecretValue", {})

    headers = server.requests[-1].headers
    assert server.authorizations == [token], "asked once"
    assert "Credential=AKIDCONTAINER/" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "of AKIDCONTAINER"


def test_credentials_are_renewed_early_or_used_until_they_expire(
    server: FakeSecretsManager,
) -> None:
    now = time.time()
    client = calls(server, keys=container(server, "AKIDFIRST", minutes=9), now=lambda: now)
    for key_id in ("AKIDFIRST", "AKIDSECOND"):
        container(server, key_id, minutes=9)
        client.call("GetSecretValue", {})
        assert f"Credential={key_id}/" in server.requests[-1].headers["Authorization"]
    server.containers_credentials = {}
    client.call("GetSecretValue", {})
    now += 9 * 60
    with pytest.raises(AwsUnreachable, match="no credentials"):
        client.call("GetSecretValue", {})


@pytest.mark.parametrize("url", ["http://169.254.0.1/", "http://evil.example/", "ftp://localhost/"])
def test_the_containers_token_goes_to_no_foreign_host(server: FakeSecretsManager, url: str) -> None:
    keys = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}
    with pytest.raises(AwsUnreachable, match="no credentials"):
        calls(server, keys=keys).call("GetSecretValue", {})
    assert server.authorizations == []


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
        {"AWS_USE_FIPS_ENDPOINT": "true"},
    ],
)
@pytest.mark.parametrize("service", [SECRETS_MANAGER, DYNAMODB], ids=lambda service: service.name)
@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_the_endpoint_is_the_one_that_boto3_would_call(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], service: Service, region: str
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    asked: list[str] = []

    def note(request: Any, **_: Any) -> None:
        asked.append(request.url)
        raise LookupError("nothing is sent")

    session: Any = boto3.session.Session("AKIDEXAMPLE", "secret", region_name=region)
    client = session.client(service.name)
    client.meta.events.register("before-send", note)
    with pytest.raises(LookupError):
        (client.list_tables if service is DYNAMODB else client.list_secrets)()
    assert [f"{endpoint(variables, service, region)}/"] == asked


@pytest.mark.parametrize("is_fips", [False, True])
@pytest.mark.parametrize("service", [SECRETS_MANAGER, DYNAMODB], ids=lambda service: service.name)
def test_in_every_region_the_endpoint_is_botocores(service: Service, is_fips: bool) -> None:
    variables = {"AWS_USE_FIPS_ENDPOINT": str(is_fips)}
    for region, _ in regions():
        expected = botocores(service.name, region, is_fips=is_fips)
        assert endpoint(variables, service, region) == expected


@pytest.mark.parametrize("url", ["http://a/path", "http://a?b", "localhost:4566", "http://a:b"])
def test_an_endpoint_that_is_no_origin_and_a_missing_region_are_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Calls({"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": url}, SECRETS_MANAGER)
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        Calls({}, SECRETS_MANAGER)
