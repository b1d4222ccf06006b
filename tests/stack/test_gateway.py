"""The gateway over HTTP, with real children under awslambdaric.

tests/unit/local has the translation of requests and results.
"""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import quote

from tests.process_tree import is_running
from tests.running_stack import eventually
from tests.stack.gateway_project import GatewayProject

# Evaluates what the query asks for; the process is the same as long as it survives.
_DOES = """
asked = event.get('queryStringParameters')
(FOLDER / 'pid').write_text(str(os.getpid()))
return eval(asked['do']) if asked else os.getpid()
"""
_INTERNAL_SERVER_ERROR = (500, {"message": "Internal Server Error"})


_MAPPING = """
  Mapping:
    Type: AWS::ApiGatewayV2::ApiMapping
    Properties: {ApiId: !Ref ServerlessHttpApi, ApiMappingKey: things}
"""


def test_a_request_reaches_the_function_and_its_result_comes_back(project: GatewayProject) -> None:
    project.add(_MAPPING)
    project.write(
        """
        told = {
            'event': event,
            'context': [context.function_name, context.get_remaining_time_in_millis() > 10_000],
            'folder': os.getcwd(),
            'environment': dict(os.environ),
        }
        return {'statusCode': 303, 'cookies': ['a=1; Path=/', 'b=2; HttpOnly'],
                'headers': {'Location': '/', 'Content-Type': 'image/png'},
                'body': json.dumps(told)}
        """
    )
    headers = {"Cookie": "a=1; b=2", "X-Own": "ours", "X-Forwarded-For": "198.51.100.1"}
    with project.serve({"OVERLAID": "caller", "MORE": "caller"}) as gateway:
        answer = gateway.ask("GET", "/things/items/a%20b?x=1&y=2&x=3", headers)
        assert gateway.ask("GET", "/thingsandmore/page").status_code == 404
    assert answer.status_code == 303
    assert answer.headers["set-cookie"] == "a=1; Path=/, b=2; HttpOnly"
    assert answer.headers["location"] == "/"
    assert answer.headers["content-type"] == "image/png"
    event = answer.json()["event"]
    # Paths contain the mapping key, and route keys do not.
    assert event["routeKey"] == "GET /items/{id}"
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/things/items/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["rawQueryString"] == "x=1&y=2&x=3"
    assert event["queryStringParameters"] == {"x": "1,3", "y": "2"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-own"] == "ours"
    assert event["headers"]["x-forwarded-port"] == str(gateway.port)
    # What a proxy claims is passed on, and not believed.
    assert event["headers"]["x-forwarded-for"] == "198.51.100.1, 127.0.0.1"
    assert event["requestContext"]["domainName"] == "127.0.0.1"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["http"]["protocol"] == "HTTP/1.1"
    assert answer.json()["context"] == ["Web", True]
    assert answer.json()["folder"] == str(project.folder / "code")
    environment = answer.json()["environment"]
    assert environment["LAMBDA_TASK_ROOT"] == answer.json()["folder"]
    assert environment["FROM_TEMPLATE"] == "template"
    assert environment["OVERLAID"] == environment["MORE"] == "caller"
    assert (environment["AWS_REGION"], environment["TZ"]) == ("us-east-1", ":UTC")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "Web"


def test_an_unknown_route_is_not_found_and_shown_unless_browsers_ask_by_themselves(
    project: GatewayProject,
) -> None:
    with project.serve() as gateway:
        for method, target in (
            ("PUT", "/page"),
            ("HEAD", "/page"),
            ("GET", "/favicon.ico"),
            ("GET", "/apple-touch-icon-120x120-precomposed.png"),
            ("GET", "/.well-known/appspecific/com.chrome.devtools.json"),
            ("GET", "/missing.ico"),
        ):
            answer = gateway.ask(method, target)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/json"
            assert answer.content == (b"" if method == "HEAD" else b'{"message":"Not Found"}')
        shown = re.findall(r"([A-Z]+) +(/\S+)", gateway.shown)
    assert shown == [("PUT", "/page"), ("HEAD", "/page"), ("GET", "/missing.ico")]


def _ask_with_head_of(size: int, port: int) -> int:
    head = b"GET /page?q=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Pad: %s\r\n"
    padding = b"x" * (size - len(head % b""))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((head % padding)[:-20])
        time.sleep(0.05)  # so that the server meets a head that is long and not yet complete
        connection.sendall((head % padding)[-20:] + b"\r\n")
        return int(connection.makefile("rb").readline().split()[1])


def test_a_head_may_have_10240_bytes_and_a_body_10_mb_and_no_more(project: GatewayProject) -> None:
    project.write("return len(event.get('body', ''))")
    text, most = {"content-type": "text/plain"}, 10 * 1024 * 1024
    with project.serve() as gateway:
        sizes = (10_240, 10_241, 100_000)
        assert [_ask_with_head_of(size, gateway.port) for size in sizes] == [200, 431, 431]
        answer = gateway.ask("POST", headers=text, body=b"x" * most)
        assert (answer.status_code, answer.json()) == (200, most)
        answer = gateway.ask("POST", headers=text, body=b"x" * (most + 1))
        assert (answer.status_code, answer.json()) == (413, {"message": "Request Entity Too Large"})


# -- When the function fails --------------------------------------------------------------------


def test_a_failure_is_a_500_whose_cause_is_in_the_terminal_and_the_next_request_works(
    project: GatewayProject,
) -> None:
    project.set_timeout(1)
    project.write(_DOES)
    with project.serve() as gateway:
        first = gateway.ask().json()
        for does, told, survives in (
            ("{}['missing']", "KeyError: 'missing'", True),
            ("{'statusCode': 200, 'body': {}, 'x': 1}", "body is not a string", True),
            ("os._exit(3)", "Runtime exited with error: exit status 3", False),
            ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: SIGSEGV", False),
            ("'x' * 6_291_555", "exceeded maximum allowed payload size (6291556 bytes)", False),
            ("time.sleep(60)", "Task timed out after 1.00 seconds", False),
        ):
            answer = gateway.ask("GET", f"/page?do={quote(does)}")
            assert (answer.status_code, answer.json()) == _INTERNAL_SERVER_ERROR, does
            assert told in gateway.shown
            child = int((project.folder / "pid").read_text())
            assert (gateway.ask().json() == child) is survives, does
            assert survives or eventually(lambda child=child: not is_running(child))  # type: ignore[misc]
        assert int((project.folder / "pid").read_text()) != first
    assert "Traceback (most recent call last):\n" in gateway.shown
    assert "  KeyError  (reference " in gateway.shown


def test_no_answer_within_the_gateways_own_limit_is_a_503(project: GatewayProject) -> None:
    project.write("time.sleep(60)")
    with project.serve(integration_timeout=0.2) as gateway:
        answer = gateway.ask()
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})


def test_code_that_cannot_be_imported_is_a_500_until_it_is_fixed(project: GatewayProject) -> None:
    with project.serve() as gateway:
        for broken, told in (
            ("import does_not_exist", "No module named 'does_not_exist'"),
            ("def (", "Syntax error in module 'app'"),
            ("TABLE = os.environ['TABLE_NAME']", "KeyError: 'TABLE_NAME'"),
            ("os._exit(7)", "exit status 7"),
        ):
            project.write("return 1", before=broken)
            answer = gateway.ask()
            assert (answer.status_code, answer.json()) == _INTERNAL_SERVER_ERROR
            assert told in gateway.shown
        assert gateway.ask().status_code == 500
        project.write("return 'fixed'")
        assert gateway.ask().content == b"fixed"
    assert "app.py" in gateway.shown
    assert "importlib" not in gateway.shown
    assert "LAMBDA_WARNING" not in gateway.shown


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
        request_id = gateway.ask("GET", "/page?code=secret").headers["apigw-requestid"]
    reference = re.escape(f"state_mismatch  (reference {request_id})\n")
    assert re.fullmatch(r"\d\d:\d\d:\d\d  GET  /page  400  \d+ ms  " + reference, gateway.shown)


# -- Authorizers --------------------------------------------------------------------------------

# A route with an authorizer, which is a function of the same folder.
_GUARDED = """
        Guarded:
          Type: HttpApi
          Properties: {Method: GET, Path: /guarded, Auth: {Authorizer: SignedIn}}
  Guard: {Type: AWS::Serverless::Function, Properties: {CodeUri: code, Handler: app.guard}}
Globals:
  HttpApi:
    Auth:
      Authorizers:
        SignedIn:
          FunctionArn: !GetAtt Guard.Arn
          AuthorizerPayloadFormatVersion: "2.0"
          EnableSimpleResponses: true
"""
_GUARD = """
def guard(event, context):
    return eval(event['headers']['x-do'])
"""
_REFUSES = """print('{"reason": "cross_site"}') or {'isAuthorized': False}"""


def test_a_refused_request_never_reaches_the_function(project: GatewayProject) -> None:
    project.add(_GUARDED)
    project.write("(FOLDER / 'called').touch()\nreturn event['requestContext']", before=_GUARD)
    with project.serve() as gateway:
        for does, status, message, told in (
            ("{'isAuthorized': False}", 403, "Forbidden", "SignedIn refused  ("),
            (_REFUSES, 403, "Forbidden", "SignedIn refused: cross_site"),
            ("{}", 500, "Internal Server Error", "isAuthorized is not true or false"),
            ("{}['x']", 500, "Internal Server Error", "SignedIn: KeyError"),
        ):
            answer = gateway.ask("GET", "/guarded", {"X-Do": does})
            assert (answer.status_code, answer.json()) == (status, {"message": message})
            assert told in gateway.shown
        assert not (project.folder / "called").exists()
        allows = "{'isAuthorized': True, 'context': {'sub': event['cookies'][0]}}"
        answer = gateway.ask("GET", "/guarded", {"X-Do": allows, "Cookie": "who=me"})
    assert answer.json()["authorizer"] == {"lambda": {"sub": "who=me"}}
