"""What the local stack's ports refuse.

The local AWS accepts only programs of this run, and no browsers; managed login and the app only
this machine's host names; the Runtime API only its runtime.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.responses import PlainTextResponse

from local.aws import LocalAws
from local.aws_guard import Guard
from local.browsers import THIS_MACHINE
from local.http_api import Function
from local.own_hosts import OwnHosts
from local.runtime_api import RuntimeApi
from tests.unit.local import asgi

AWS = LocalAws("http://127.0.0.1:3002", "LOCALKEY", "its-secret")
BODY = b"Action=ListStacks&Version=2010-05-15"
KEY = {"x-local-key": AWS.secret_access_key}
GET_USER = {"x-amz-target": "AWSCognitoIdentityProviderService.GetUser"}
REFUSED, ANSWERED = 403, 200


def ask(
    method: str = "POST",
    target: str = "/",
    headers: dict[str, str] | None = None,
    body: bytes = BODY,
    *,
    runs_code: bool = False,
) -> asgi.Answer:
    """Everything that gets through is answered with 200 and CORS."""
    app = PlainTextResponse("reached", headers={"Access-Control-Allow-Origin": "*"})
    guard = Guard(app, AWS, hosts=THIS_MACHINE, runs_code=runs_code, changed=lambda: None)
    given = {"host": "127.0.0.1:3002", **(headers or {})}
    return asgi.ask(guard, given, method=method, target=target, body=body)


def signed(key_id: str = AWS.access_key_id, secret: str = AWS.secret_access_key) -> dict[str, str]:
    """The headers of a request signed by botocore."""
    request = AWSRequest("POST", f"{AWS.endpoint}/", data=BODY)
    SigV4Auth(Credentials(key_id, secret), "cloudformation", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def presigned(seconds: int = 60) -> str:
    request = AWSRequest("POST", f"{AWS.endpoint}/?Action=ListStacks")
    own = Credentials(AWS.access_key_id, AWS.secret_access_key)
    SigV4QueryAuth(own, "cloudformation", "us-east-1", expires=seconds).add_auth(request)
    return str(request.url).removeprefix(AWS.endpoint)


def test_a_signature_is_by_this_run_for_one_body_and_a_short_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ask(headers=signed()).status == ANSWERED
    assert ask(headers=signed(), body=b"Action=CreateStack").status == REFUSED
    assert ask(target=presigned(), body=b"").status == ANSWERED
    assert ask(target=presigned(), body=b"Action=CreateStack").status == REFUSED
    assert ask(target=presigned(-1), body=b"").status == REFUSED
    for key_id, secret in (
        ("test", "test"),
        ("test", AWS.secret_access_key),
        (AWS.access_key_id, "test"),
    ):
        assert ask(headers=signed(key_id, secret)).status == REFUSED
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: an_hour_ago)
    assert ask(headers=signed()).status == REFUSED


def test_only_this_machines_own_names_are_answered() -> None:
    for host in ("localhost:3002", "127.0.0.1", "[::1]:3002", "LocalHost:3002"):
        assert ask(headers=KEY | {"host": host}).status == ANSWERED, host
    for host in ("attacker.example:3002", "localhost.attacker.example", "", "a b"):
        assert ask(headers=KEY | {"host": host}).status == REFUSED, host
    twice = {"host": "127.0.0.1", "Host": "localhost"}
    assert ask(headers=KEY | twice).status == REFUSED


@pytest.mark.parametrize(
    "header", ["Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "sec-purpose"]
)
def test_requests_of_browsers_are_refused_even_with_a_signature(header: str) -> None:
    assert ask(headers=signed() | {header: "same-origin"}).status == REFUSED
    assert ask(target=presigned(), headers={header: "none"}, body=b"").status == REFUSED
    keys = "/pool/.well-known/jwks.json"
    assert ask("GET", keys, {header: "null"}, b"").status == REFUSED


def test_no_answer_invites_pages_of_other_origins_to_read_it() -> None:
    for method, expected in (("POST", ANSWERED), ("OPTIONS", REFUSED)):
        answer = ask(method, headers=KEY)
        assert answer.status == expected
        assert not [name for name in answer.headers if name.startswith(b"access-control")]


def test_only_keys_and_operations_that_aws_leaves_open_need_no_signature() -> None:
    def status(operation: str) -> int:
        headers = {"x-amz-target": f"AWSCognitoIdentityProviderService.{operation}"}
        return ask(headers=headers, body=b"{}").status

    for operation in ("GetUser", "AssociateSoftwareToken", "RevokeToken"):
        assert status(operation) == ANSWERED, operation
    for operation in ("AdminGetUser", "ListUsers", "Nonsense"):
        assert status(operation) == REFUSED, operation
    assert ask("GET", "/us-east-1_x/.well-known/jwks.json", body=b"").status == ANSWERED


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"headers": {"authorization": "Bearer token"}},
        {"headers": {"authorization": f"AWS4-HMAC-SHA256 Credential={AWS.access_key_id}"}},
        {"headers": {"x-local-key": ""}},
        {"headers": {"x-local-key": AWS.access_key_id}},
        {"method": "GET", "headers": GET_USER},
        {"headers": GET_USER, "target": "/restapis"},
        {"headers": GET_USER, "target": "/?Action=CreateStack"},
        {"headers": GET_USER | {"authorization": "AWS4-HMAC-SHA256 x"}},
        {"headers": {"x-amz-target": "secretsmanager.GetUser"}},
        {"method": "GET", "target": "/bucket/us-east-1_x/.well-known/jwks.json"},
        {"target": "/_ministack/config"},
        {"target": "/_ministack/reset"},
        {"target": "/2015-03-31/functions"},
    ],
)
def test_without_credentials_nothing_else_is_open(asked: dict[str, Any]) -> None:
    assert ask(**asked).status == REFUSED


@pytest.mark.parametrize(("runs_code", "status"), [(False, REFUSED), (True, ANSWERED)])
def test_custom_resources_and_sessions_of_roles_are_answered_only_where_functions_run(
    runs_code: bool, status: int
) -> None:
    session = signed(f"ASIA{'0' * 16}", "its-own")
    path = "/_ministack/cfn-response/token"
    assert ask("PUT", path, runs_code=runs_code).status == status
    assert ask(headers=session, runs_code=runs_code).status == status


# -- The app and managed login, and the Runtime API ----------------------------------------------


def ask_app(host: str, method: str = "GET", target: str = "/a%2Fb?c=%20") -> tuple[int, str]:
    """Status and Location."""
    app = OwnHosts(PlainTextResponse("reached"), THIS_MACHINE, "http://localhost:3000")
    answer = asgi.ask(app, {"host": host}, method=method, target=target)
    return answer.status, answer.headers.get(b"location", b"").decode()


def test_a_foreign_name_is_refused() -> None:
    foreign = ("attacker.example", "attacker.example:3000", "127.0.0.1.attacker.example", "", "::1")
    assert [ask_app(host) for host in foreign] == [(421, "")] * len(foreign)


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "[::1]:3000"])
def test_a_page_asked_for_by_address_is_redirected(host: str) -> None:
    assert ask_app(host) == (307, "http://localhost:3000/a%2Fb?c=%20")
    assert ask_app(host, "HEAD", "//evil.example") == (307, "http://localhost:3000//evil.example")
    assert ask_app(host, "POST") == ask_app("localhost:3000") == (200, "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # its runtime
        ({"Host": "attacker.example:80"}, 403),
        ({"Host": "localhost"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_the_runtime_api_hands_no_event_to_a_browser(headers: dict[str, str], status: int) -> None:
    def next_event(address: str) -> int:
        connection = HTTPConnection(address, timeout=10)
        connection.request("GET", "/2018-06-01/runtime/invocation/next", headers=headers)
        answered = connection.getresponse().status
        connection.close()
        return answered

    async def exchange() -> int:
        api = RuntimeApi(Function("Web", "app.handler", Path(), 3, 128, "Text", {}), arn="arn")
        address = await api.start()
        waiting = asyncio.ensure_future(api.invoke(b"{}"))
        try:
            return await asyncio.to_thread(next_event, address)
        finally:
            waiting.cancel()
            await api.stop()

    assert asyncio.run(exchange()) == status
