"""The local AWS accepts only programs of this run, and no browsers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.responses import PlainTextResponse

from local.aws import LocalAws
from local.aws_guard import Guard
from local.browsers import THIS_MACHINE
from tests.unit.local import asgi

AWS = LocalAws("http://127.0.0.1:3002", "LOCALKEY", "its-secret")
BODY = b"Action=ListStacks&Version=2010-05-15"
COGNITO = "AWSCognitoIdentityProviderService"
REFUSED, ANSWERED = 403, 200


def ask(
    method: str = "POST",
    target: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = BODY,
    *,
    runs_code: bool = False,
) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers; everything that gets through is answered with 200 and CORS."""
    app = PlainTextResponse("reached", headers={"Access-Control-Allow-Origin": "*"})
    guard = Guard(app, AWS, hosts=THIS_MACHINE, runs_code=runs_code, changed=lambda: None)
    given = {"host": "127.0.0.1:3002", **(headers or {})}
    answer = asgi.ask(guard, given, method=method, target=target, body=body)
    return answer.status, answer.headers


def signed(
    key_id: str = AWS.access_key_id, secret: str = AWS.secret_access_key, body: bytes = BODY
) -> dict[str, str]:
    """The headers of a request signed by botocore."""
    request = AWSRequest("POST", f"{AWS.endpoint}/", data=body)
    SigV4Auth(Credentials(key_id, secret), "cloudformation", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def key() -> dict[str, str]:
    return {"x-local-key": AWS.secret_access_key}


def presigned(seconds: int = 60) -> str:
    request = AWSRequest("POST", f"{AWS.endpoint}/?Action=ListStacks")
    own = Credentials(AWS.access_key_id, AWS.secret_access_key)
    SigV4QueryAuth(own, "cloudformation", "us-east-1", expires=seconds).add_auth(request)
    return str(request.url).removeprefix(AWS.endpoint)


def test_the_runs_own_credentials_are_accepted_in_header_and_query() -> None:
    assert ask(headers=signed())[0] == ANSWERED
    assert ask(target=presigned(), body=b"")[0] == ANSWERED


@pytest.mark.parametrize(
    "credentials",
    [("test", "test"), ("test", AWS.secret_access_key), (AWS.access_key_id, "test")],
)
def test_other_credentials_are_refused(credentials: tuple[str, str]) -> None:
    assert ask(headers=signed(*credentials))[0] == REFUSED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer token"},
        {"authorization": f"AWS4-HMAC-SHA256 Credential={AWS.access_key_id}"},
        {"x-local-key": ""},
        {"x-local-key": AWS.access_key_id},
    ],
)
def test_without_a_signature_nothing_is_answered(headers: dict[str, str]) -> None:
    assert ask(headers=headers)[0] == REFUSED


def test_a_signature_is_for_one_body() -> None:
    assert ask(headers=signed(), body=b"Action=CreateStack")[0] == REFUSED
    assert ask(target=presigned(), body=b"Action=CreateStack")[0] == REFUSED


def test_a_signature_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(target=presigned(-1), body=b"")[0] == REFUSED
    headers = signed()
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: an_hour_ago)
    assert ask(headers=headers)[0] == ANSWERED
    assert ask(headers=signed())[0] == REFUSED


@pytest.mark.parametrize("host", ["attacker.example:3002", "localhost.attacker.example", "", "a b"])
def test_a_foreign_host_is_refused_even_with_a_signature(host: str) -> None:
    assert ask(headers={"host": host, **key()})[0] == REFUSED


@pytest.mark.parametrize("host", ["localhost:3002", "127.0.0.1", "[::1]:3002", "LocalHost:3002"])
def test_this_machines_own_names_are_answered(host: str) -> None:
    assert ask(headers={"host": host, **key()})[0] == ANSWERED


def test_two_hosts_are_refused() -> None:
    assert ask(headers={"host": "127.0.0.1", "Host": "localhost", **key()})[0] == REFUSED


@pytest.mark.parametrize(
    "header", ["Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "sec-purpose"]
)
def test_requests_of_browsers_are_refused_even_with_a_signature(header: str) -> None:
    assert ask(headers=signed() | {header: "same-origin"})[0] == REFUSED
    assert ask(target=presigned(), headers={header: "none"}, body=b"")[0] == REFUSED
    assert ask("GET", "/pool/.well-known/jwks.json", {header: "null"}, b"")[0] == REFUSED


def test_no_answer_invites_pages_of_other_origins_to_read_it() -> None:
    for method, expected in (("POST", ANSWERED), ("OPTIONS", REFUSED)):
        status, headers = ask(method, headers=key())
        assert status == expected
        assert not [name for name in headers if name.startswith(b"access-control")]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ("GetUser", ANSWERED),
        ("AssociateSoftwareToken", ANSWERED),
        ("RevokeToken", ANSWERED),
        ("AdminGetUser", REFUSED),
        ("ListUsers", REFUSED),
        ("Nonsense", REFUSED),
    ],
)
def test_only_operations_that_aws_leaves_open_need_no_signature(
    operation: str, status: int
) -> None:
    assert ask(headers={"x-amz-target": f"{COGNITO}.{operation}"}, body=b"{}")[0] == status


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"target": "/restapis"},
        {"target": "/?Action=CreateStack"},
        {"headers": {"x-amz-target": "secretsmanager.GetUser"}},
        {"headers": {"x-amz-target": f"{COGNITO}.GetUser", "authorization": "AWS4-HMAC-SHA256 x"}},
    ],
)
def test_an_open_operation_opens_nothing_else(change: dict[str, object]) -> None:
    asked: dict[str, object] = {"headers": {"x-amz-target": f"{COGNITO}.GetUser"}} | change
    assert ask(**asked)[0] == REFUSED  # type: ignore[arg-type]


def test_the_pools_public_keys_are_public() -> None:
    assert ask("GET", "/us-east-1_x/.well-known/jwks.json", body=b"")[0] == ANSWERED
    assert ask("GET", "/bucket/us-east-1_x/.well-known/jwks.json", body=b"")[0] == REFUSED


@pytest.mark.parametrize(
    "path", ["/_ministack/config", "/_ministack/reset", "/2015-03-31/functions"]
)
def test_the_emulators_own_paths_are_closed(path: str) -> None:
    assert ask(target=path)[0] == REFUSED


@pytest.mark.parametrize(("runs_code", "status"), [(False, REFUSED), (True, ANSWERED)])
def test_custom_resources_and_sessions_of_roles_are_answered_only_where_functions_run(
    runs_code: bool, status: int
) -> None:
    assert ask("PUT", "/_ministack/cfn-response/token", runs_code=runs_code)[0] == status
    headers = signed(key_id="ASIA0123456789ABCDEF", secret="of-the-session")
    assert ask(headers=headers, runs_code=runs_code)[0] == status
