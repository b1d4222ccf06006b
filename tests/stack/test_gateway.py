"""The gateway over HTTP, with real children under awslambdaric.

tests/unit/local has the translation of requests and results.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

import pytest

from local import template
from tests.process_tree import is_running
from tests.running_stack import eventually
from tests.stack.gateway_project import ECHO, Answer, GatewayProject

pytestmark = pytest.mark.stack


# -- What the function sees and what the browser gets -------------------------------------------


def test_the_function_sees_the_request_as_payload_2_0(project: GatewayProject) -> None:
    with project.serve() as gateway:
        event = gateway.ask(
            "GET",
            "/items/a%20b?x=1&y=2&x=3",
            [
                ("Cookie", "a=1; b=2"),
                ("X-Many", "one"),
                ("X-Many", "two"),
                ("X-Forwarded-For", "198.51.100.1"),
            ],
        ).json
    assert event["routeKey"] == "GET /items/{id}"
    assert event["rawPath"] == "/items/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["rawQueryString"] == "x=1&y=2&x=3"
    assert event["queryStringParameters"] == {"x": "1,3", "y": "2"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-many"] == "one,two"
    assert event["headers"]["x-forwarded-port"] == str(gateway.port)
    # What a proxy claims is passed on, and not believed.
    assert event["headers"]["x-forwarded-for"] == "198.51.100.1, 127.0.0.1"
    assert event["requestContext"]["domainName"] == "127.0.0.1"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["http"]["protocol"] == "HTTP/1.1"


def test_cookies_and_a_binary_body_come_back(project: GatewayProject) -> None:
    project.write(
        """
        return {'statusCode': 303, 'cookies': ['a=1; Path=/', 'b=2; HttpOnly'],
                'headers': {'Location': '/', 'Content-Type': 'image/png'},
                'body': 'AP8=', 'isBase64Encoded': True}
        """
    )
    with project.serve() as gateway:
        answer = gateway.ask()
    assert answer.status == 303
    assert answer.all("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
    assert answer.all("location") == ["/"]
    assert answer.all("content-type") == ["image/png"]
    assert answer.body == b"\x00\xff"


def test_the_context_tells_the_function_who_it_is(project: GatewayProject) -> None:
    project.write(
        "return [context.function_name, context.get_remaining_time_in_millis() > 10_000,"
        " os.getcwd(), os.environ['LAMBDA_TASK_ROOT']]"
    )
    code = str(project.folder / "code")
    with project.serve() as gateway:
        assert gateway.ask().json == ["Web", True, code, code]


# -- The gateway's own answers ------------------------------------------------------------------


def test_an_unknown_route_is_not_found(project: GatewayProject) -> None:
    with project.serve() as gateway:
        for method in ("PUT", "HEAD"):
            answer = gateway.ask(method, "/page")
            assert answer.status == 404
            assert answer.all("content-type") == ["application/json"]
            assert answer.body == (b"" if method == "HEAD" else b'{"message":"Not Found"}')


def _ask_with_head_of(size: int, port: int) -> int:
    head = b"GET /page?q=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Pad: %s\r\n"
    padding = b"x" * (size - len(head % b""))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((head % padding)[:-20])
        time.sleep(0.05)  # so that the server meets a head that is long and not yet complete
        connection.sendall((head % padding)[-20:] + b"\r\n")
        return int(connection.makefile("rb").readline().split()[1])


def test_request_line_and_headers_may_have_10240_bytes_and_no_more(project: GatewayProject) -> None:
    with project.serve() as gateway:
        sizes = (10_240, 10_241, 100_000)
        assert [_ask_with_head_of(size, gateway.port) for size in sizes] == [200, 431, 431]


def test_a_body_may_have_10_mb_and_no_more(project: GatewayProject) -> None:
    project.write("return len(event['body'])")
    text = [("content-type", "text/plain")]
    with project.serve() as gateway:
        most = gateway.ask("POST", headers=text, body=b"x" * 10 * 1024 * 1024)
        more = gateway.ask("POST", headers=text, body=b"x" * (10 * 1024 * 1024 + 1))
    assert (most.status, most.json) == (200, 10 * 1024 * 1024)
    assert (more.status, more.json) == (413, {"message": "Request Entity Too Large"})


# -- When the function fails --------------------------------------------------------------------


def _assert_internal_server_error(answer: Answer) -> None:
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def test_an_exception_is_a_500_with_its_traceback_and_does_not_cost_the_child(
    project: GatewayProject,
) -> None:
    project.write("if event.get('queryStringParameters'): return {}['missing']\nreturn os.getpid()")
    with project.serve() as gateway:
        before = gateway.ask().json
        _assert_internal_server_error(gateway.ask("GET", "/page?fail"))
        assert gateway.ask().json == before
        shown = gateway.terminal.getvalue()
    assert "Traceback (most recent call last):\n" in shown
    assert "return {}['missing']" in shown
    assert "GET  /page  500" in shown
    assert "  KeyError  (reference " in shown


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: SIGSEGV"),
    ],
)
def test_a_child_that_ends_is_a_500_and_the_next_request_has_a_new_one(
    project: GatewayProject, end: str, told: str
) -> None:
    project.write(f"if event.get('queryStringParameters'): {end}\nreturn 'here'")
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask("GET", "/page?end"))
        assert told in gateway.terminal.getvalue()
        assert gateway.ask().body == b"here"


def test_a_function_past_its_timeout_is_killed_and_a_500(project: GatewayProject) -> None:
    project.set_timeout(1)
    project.write(
        """
        if event.get('queryStringParameters'):
            (FOLDER / 'pid').write_text(str(os.getpid()))
            time.sleep(60)
        return 'here'
        """
    )
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask("GET", "/page?sleep"))
        assert "Task timed out after 1.00 seconds" in gateway.terminal.getvalue()
        child = int((project.folder / "pid").read_text())
        assert eventually(lambda: not is_running(child))
        assert gateway.ask().body == b"here"


def test_no_answer_within_the_gateways_own_limit_is_a_503(project: GatewayProject) -> None:
    project.write("if event.get('queryStringParameters'): time.sleep(60)\nreturn 'here'")
    with project.serve(integration_timeout=1) as gateway:
        answer = gateway.ask("GET", "/page?sleep")
    assert (answer.status, answer.json) == (503, {"message": "Service Unavailable"})


def test_a_malformed_response_is_a_500_that_says_why_in_the_terminal(
    project: GatewayProject,
) -> None:
    project.write("return {'statusCode': 200, 'body': {'not': 'text'}}")
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask())
        assert "malformed response: body is not a string" in gateway.terminal.getvalue()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("import does_not_exist", "No module named 'does_not_exist'"),
        ("def (", "Syntax error in module 'app'"),
        ("raise RuntimeError('no settings')", "RuntimeError: no settings"),
        ("os._exit(7)", "exit status 7"),
    ],
)
def test_code_that_cannot_be_imported_is_a_500_until_it_is_fixed(
    project: GatewayProject, broken: str, told: str
) -> None:
    project.write(ECHO, before=broken)
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask())
        _assert_internal_server_error(gateway.ask())
        assert told in gateway.terminal.getvalue()
        project.write("return 'fixed'")
        assert gateway.ask().body == b"fixed"


# -- The terminal -------------------------------------------------------------------------------


def test_a_failed_request_is_one_line_with_reason_and_reference(project: GatewayProject) -> None:
    project.write(
        """
        print(json.dumps({'level': 'INFO', 'message': 'quiet'}))
        print(json.dumps({'level': 'WARNING', 'message': 'request_failed',
                          'reason': 'state_mismatch'}))
        return {'statusCode': 400}
        """
    )
    with project.serve() as gateway:
        answer = gateway.ask("GET", "/page?code=secret")
        shown = gateway.terminal.getvalue()
    assert shown.count("\n") == 1
    assert "GET  /page  400" in shown
    (request_id,) = answer.all("apigw-requestid")
    assert shown.endswith(f"  state_mismatch  (reference {request_id})\n")
    assert "secret" not in shown
    assert "quiet" not in shown


def test_what_browsers_ask_for_by_themselves_is_not_shown(project: GatewayProject) -> None:
    with project.serve() as gateway:
        for path in (
            "/favicon.ico",
            "/apple-touch-icon-120x120-precomposed.png",
            "/.well-known/appspecific/com.chrome.devtools.json",
            "/missing.ico",
        ):
            assert gateway.ask("GET", path).status == 404
        assert re.findall(r"GET  (\S+)", gateway.terminal.getvalue()) == ["/missing.ico"]


def test_the_stacks_own_template_can_be_served() -> None:
    api = template.read(Path(__file__).parents[2] / "template.yaml")
    routes = {route.key for route in api.routes}
    assert routes >= {"GET /", "GET /login", "GET /callback", "POST /logout", "GET /healthz"}


# -- Authorizers --------------------------------------------------------------------------------


def test_an_authorizers_context_reaches_the_function(project: GatewayProject) -> None:
    project.guard("return {'isAuthorized': True, 'context': {'sub': event['cookies'][0]}}")
    with project.serve() as gateway:
        event = gateway.ask("GET", "/guarded", [("Cookie", "who=me")]).json
    assert event["requestContext"]["authorizer"] == {"lambda": {"sub": "who=me"}}


@pytest.mark.parametrize(
    ("body", "status", "message", "reason"),
    [
        ("return {'isAuthorized': False}", 403, "Forbidden", "SignedIn refused  ("),
        (
            """print('{"reason": "cross_site"}'); return {'isAuthorized': False}""",
            403,
            "Forbidden",
            "SignedIn refused: cross_site",
        ),
        ("return {}", 500, "Internal Server Error", "isAuthorized is not true or false"),
        ("raise KeyError('x')", 500, "Internal Server Error", "SignedIn: KeyError"),
    ],
)
def test_a_refused_request_never_reaches_the_function(
    project: GatewayProject, body: str, status: int, message: str, reason: str
) -> None:
    project.write("(FOLDER / 'called').touch(); return 'called'")
    project.guard(body)
    with project.serve() as gateway:
        answer = gateway.ask("GET", "/guarded")
    assert (answer.status, answer.json) == (status, {"message": message})
    assert reason in gateway.terminal.getvalue()
    assert not (project.folder / "called").exists()
