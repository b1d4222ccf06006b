"""Secrets Manager's call over the wire: signed as AWS asks for, tried twice, in bounded time."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
import urllib3
from aws_lambda_powertools import Logger
from foyer.aws.secret_store import SecretStore
from foyer.aws.secrets_manager import SecretsManager, endpoint
from foyer.errors import ConfigurationError, Unavailable

from tests.fake_secrets_manager import FakeSecretsManager, refusal
from tests.ports import refusing_port
from tests.wire_faults import WIRE_FAULTS

TARGET = "secretsmanager.GetSecretValue"


@pytest.fixture
def server() -> Iterator[FakeSecretsManager]:
    with FakeSecretsManager() as made:
        yield made


def environ(server: FakeSecretsManager, **more: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_SESSION_TOKEN": "session",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url,
        **more,
    }


def read(environment: Mapping[str, str]) -> Any:
    client = SecretsManager(environment, http=requests.Session(), pause=lambda _: None)
    return client.secret_text("s")


def test_one_call_gives_the_secret(server: FakeSecretsManager) -> None:
    assert read(environ(server)) == "kept"
    (arrived,) = server.requests
    headers = arrived.headers
    assert json.loads(arrived.body) == {"SecretId": "s"}
    assert headers["X-Amz-Target"] == TARGET
    assert headers["X-Amz-Security-Token"] == "session"


def test_the_signature_is_aws_signature_version_4(server: FakeSecretsManager) -> None:
    """Computed anew from what arrived, by the specification's four steps."""
    read(environ(server))
    (sent,) = server.requests
    arrived = {name.lower(): value for name, value in sent.headers.items()}
    algorithm, _, rest = arrived.get("authorization", "").partition(" ")
    assert rest, "signed at all"
    parts = dict(part.split("=", 1) for part in rest.split(", "))
    key_id, _, scope = parts["Credential"].partition("/")
    names = parts["SignedHeaders"].split(";")
    canonical = "\n".join(
        ["POST", "/", "", *(f"{name}:{arrived[name]}" for name in names), "", ";".join(names),
         hashlib.sha256(sent.body).hexdigest()]
    )  # fmt: skip
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = b"AWS4wJalrXUtnFEMI"
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"{algorithm}\n{arrived['x-amz-date']}\n{scope}\n{digest}"
    assert (algorithm, key_id) == ("AWS4-HMAC-SHA256", "AKIDEXAMPLE")
    assert scope.endswith("/eu-central-1/secretsmanager/aws4_request")
    assert {"host", "x-amz-date", "x-amz-target", "x-amz-security-token"} <= set(names)
    assert hmac.digest(key, text.encode(), "sha256").hex() == parts["Signature"]


def reason_for(server: FakeSecretsManager, http: requests.Session, **more: str) -> tuple[str, str]:
    """Reason and detail with which a store gives up."""
    log = Logger(service=uuid.uuid4().hex, stream=io.StringIO())
    client = SecretsManager(environ(server, **more), http=http, pause=lambda _: None)
    with pytest.raises(Unavailable) as raised:
        SecretStore(client, "s", clock=lambda: 0.0, log=log).credentials()
    return raised.value.reason, raised.value.detail


@pytest.mark.parametrize(
    ("code", "status", "reason", "tries"),
    [
        ("ThrottlingException", 400, "secret_throttled", 2),
        ("TooManyRequests", 429, "secret_throttled", 2),
        ("InternalServiceError", 500, "secret_refused", 2),
        ("AccessDeniedException", 400, "secret_denied", 1),
        ("DecryptionFailure", 400, "secret_denied", 1),
        ("ResourceNotFoundException", 400, "secret_not_found", 1),
        ("com.amazonaws.secretsmanager#ResourceNotFoundException", 400, "secret_not_found", 1),
        ("InvalidRequestException", 400, "secret_refused", 1),
    ],
)
def test_each_refusal_has_its_reason_and_what_passes_is_tried_once_more(
    server: FakeSecretsManager, code: str, status: int, reason: str, tries: int
) -> None:
    server.faults = [refusal(code, status)] * tries
    found, detail = reason_for(server, requests.Session())
    assert found == reason
    assert status != 400 or detail == code.rpartition("#")[2]
    assert len(server.requests) == tries
    if tries == 2:
        server.faults = [refusal(code, status)]
        assert read(environ(server)) == "kept"


class Hurried(requests.Session):
    """Gives no request the time that it is granted."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = urllib3.Timeout(total=0.2)
        return super().request(*args, **kwargs)


@pytest.mark.parametrize("kind", ["hang", "drip", "reset", "garbage", "json_array", "truncated"])
def test_what_makes_no_sense_or_never_comes_is_unreachable(
    server: FakeSecretsManager, kind: str
) -> None:
    server.faults = [WIRE_FAULTS[kind]] * 2
    assert reason_for(server, Hurried())[0] == "secret_unreachable"
    assert len(server.requests) == 2


def test_nobody_there_is_unreachable(server: FakeSecretsManager) -> None:
    with refusing_port() as port:
        url = f"http://127.0.0.1:{port}"
        found, _ = reason_for(server, requests.Session(), AWS_ENDPOINT_URL_SECRETS_MANAGER=url)
    assert found == "secret_unreachable"


def test_two_tries_take_six_seconds_at_most(server: FakeSecretsManager) -> None:
    """On a clock that the first look at it starts: each try is given three seconds of its own."""
    looked: list[float] = []

    def clock() -> float:
        looked.append(4.0 * len(looked))  # between deadline and request, more than three go by
        return looked[-1]

    client = SecretsManager(
        environ(server), http=requests.Session(), clock=clock, pause=lambda _: None
    )
    with pytest.raises(Unavailable, match="secret_unreachable"):
        client.secret_text("s")
    assert (len(looked), server.requests) == (4, [])


def test_without_credentials_nothing_is_sent(server: FakeSecretsManager) -> None:
    bare = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": server.url}
    with pytest.raises(Unavailable, match="no credentials"):
        read(bare)
    assert server.requests == []


@pytest.mark.parametrize("kept_in", ["file", "variable"])
def test_under_snapstart_the_container_gives_credentials(
    server: FakeSecretsManager, tmp_path: Path, kept_in: str
) -> None:
    token = secrets.token_hex(16)
    server.containers_credentials = {
        "AccessKeyId": "AKIDCONTAINER",
        "SecretAccessKey": secrets.token_hex(16),
        "Token": "of the container",
        "Expiration": "2999-01-01T00:00:00Z",
    }
    environment = {
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/credentials",
    }
    if kept_in == "file":
        (tmp_path / "token").write_text(token)
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")
    else:
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    client = SecretsManager(environment, http=requests.Session())
    assert server.authorizations == [], "a snapshot must hold no credentials"

    client.secret_text("s")

    (arrived,) = server.requests
    headers = arrived.headers
    assert server.authorizations == [token]
    assert "Credential=AKIDCONTAINER/" in headers["Authorization"]
    assert headers["X-Amz-Security-Token"] == "of the container"


def test_credentials_about_to_expire_are_renewed(server: FakeSecretsManager) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    server.containers_credentials = {
        "AccessKeyId": "AKIDFIRST",
        "SecretAccessKey": "first",
        "Token": "first",
        "Expiration": soon.isoformat(),
    }
    environment = {
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/credentials",
    }
    client = SecretsManager(environment, http=requests.Session())
    for key_id in ("AKIDFIRST", "AKIDSECOND"):
        server.containers_credentials["AccessKeyId"] = key_id
        client.secret_text("s")
        assert f"Credential={key_id}/" in server.requests[-1].headers["Authorization"]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_ENDPOINT_URL": ""},
        {"AWS_ENDPOINT_URL": "http://localhost:4566"},
        {"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://b"},
        {"AWS_ENDPOINT_URL": "http://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
    ],
)
@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1", "us-gov-west-1"])
def test_the_endpoint_is_the_one_that_boto3_would_call(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], region: str
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    expected = boto3.session.Session(region_name=region).client("secretsmanager")
    ours = endpoint(variables, region).rstrip("/")
    assert ours == expected.meta.endpoint_url


def test_a_missing_region_is_named() -> None:
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        SecretsManager({}, http=requests.Session())
