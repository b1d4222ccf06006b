"""`make run APP=…`: a second template is served beside Foyer's, with its own stack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local.aws import LocalAws
from local.places import Places
from tests.http_visitor import HttpVisitor
from tests.running_stack import (
    DEMO_PASSWORD,
    DEMO_USER,
    RunningStack,
    eventually,
    running_stack,
)

pytestmark = pytest.mark.stack

_APP = Path(__file__).parent / "app"


@dataclass(frozen=True)
class RunningApp:
    stack: RunningStack
    folder: Path

    def ask(self, path: str, **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(f"{self.stack.app}{path}", headers=names, timeout=30)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    folder = tmp_path_factory.mktemp("project") / "things-app"
    shutil.copytree(_APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    output = tmp_path_factory.mktemp("output") / "printed"
    arguments = ["--app", str(folder), "--app-parameter", "Greeting=HELLO"]
    with running_stack(output, arguments) as stack:
        yield RunningApp(stack, folder)


@pytest.fixture(scope="module")
def home(app: RunningApp) -> dict[str, Any]:
    answer = app.ask("/things")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_paths_contain_the_mapping_key_and_route_keys_do_not(app: RunningApp) -> None:
    event = app.ask("/things/seven", x_name="me").json()["event"]
    assert (event["rawPath"], event["routeKey"]) == ("/things/seven", "ANY /{id}")
    assert event["requestContext"]["http"]["path"] == "/things/seven"
    assert event["pathParameters"] == {"id": "seven"}


def test_foyer_keeps_its_own_routes(app: RunningApp) -> None:
    assert app.ask("/healthz").status_code == 200
    assert app.ask("/thingsandmore").status_code == 404


def test_variables_are_what_cloudformation_makes_of_them(home: dict[str, Any]) -> None:
    environment = home["environment"]
    assert (environment["VOLUME"], environment["GREETING"]) == ("loud", "HELLO from things-app")
    assert environment["TABLE_ARN"].endswith(f"/{environment['TABLE']}")
    assert environment["POOL"].startswith("us-east-1_")


def test_an_app_has_its_own_variables_and_none_of_foyers(home: dict[str, Any]) -> None:
    assert not {"SECRET_ID", "COGNITO_DOMAIN_URL", "APP_URL"} & home["environment"].keys()


def test_tables_are_there(app: RunningApp) -> None:
    assert app.ask("/things/seven", x_name="me").json()["stored"] == {"id": "seven", "kept": True}


def test_its_authorizer_is_asked(app: RunningApp) -> None:
    refused = app.ask("/things/seven")
    assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
    event = app.ask("/things/seven", x_name="me").json()["event"]
    assert event["requestContext"]["authorizer"] == {"lambda": {"name": "me"}}


def test_foyers_guard_lets_only_signed_in_visitors_reach_another_stacks_api(
    app: RunningApp,
) -> None:
    visitor = HttpVisitor(app.stack.app)
    visitor.send("GET", "/things/mine", {})
    assert (visitor.answer.status_code, visitor.answer.json()) == (403, {"message": "Forbidden"})
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
    own, cross = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
    for method, headers, status in (
        ("GET", cross, 200),
        ("POST", own, 200),
        ("POST", {"Origin": app.stack.app}, 200),
        ("POST", cross, 403),
        ("DELETE", {"Origin": "https://evil.example"}, 403),
        ("PUT", {}, 403),
    ):
        visitor.send(method, "/things/mine", headers)
        assert visitor.answer.status_code == status, (method, headers)
    visitor.send("GET", "/me", {})
    me = visitor.answer.json()
    visitor.send("GET", "/things/mine", {})
    user = visitor.answer.json()["event"]["requestContext"]["authorizer"]["lambda"]
    assert (user["sub"], user["email"], user["claims"]) == (me["sub"], me["email"], me)
    assert user["groups"] == []
    assert 0 <= user["signed_in_at"] - user["auth_time"] < 60
    visitor.open(f"{app.stack.app}/logout")
    visitor.press("Sign out")
    visitor.send("GET", "/things/mine", {})
    assert visitor.answer.status_code == 403


def test_a_page_sends_visitors_to_sign_in_and_they_come_back(app: RunningApp) -> None:
    visitor = HttpVisitor(app.stack.app)

    def learned() -> dict[str, Any]:
        about: dict[str, Any] = visitor.answer.json()["event"]["requestContext"]["authorizer"]
        return about["lambda"]  # type: ignore[no-any-return]

    visitor.send("GET", "/things/page?tab=2", {})
    assert learned() == {
        "sub": "", "username": "", "name": "", "email": "", "email_verified": False, "groups": [],
        "claims": {}, "signed_in_at": 0, "auth_time": 0, "signed_in": False,
        "go": "/login?return_to=/things/page%3Ftab%3D2",
    }  # fmt: skip
    visitor.open(f"{app.stack.app}{learned()['go']}")
    visitor.press("Sign in", username=DEMO_USER, password=DEMO_PASSWORD)
    assert visitor.answer.url == f"{app.stack.app}/things/page?tab=2"
    assert (learned()["signed_in"], learned()["username"], learned()["go"]) == (True, "demo", "")
    visitor.open(f"{app.stack.app}/renew?return_to=/things/page", follow=False)
    assert visitor.answer.headers["location"] == "/things/page"


def test_tokens_of_the_local_pool_are_checked(app: RunningApp, home: dict[str, Any]) -> None:
    refused = app.ask("/things/token", authorization="Bearer a.b.c")
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    aws = LocalAws.read(Places("127.0.0.1", app.stack.port).aws_configuration)
    tokens = aws.client("cognito-idp").initiate_auth(
        ClientId=home["environment"]["CLIENT"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "demo", "PASSWORD": "Open-the-door-1"},
    )["AuthenticationResult"]
    answer = app.ask("/things/token", authorization=f"Bearer {tokens['AccessToken']}")
    assert answer.status_code == 200, answer.text
    claims = answer.json()["event"]["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims["username"] == "demo"
    assert claims["exp"].isdigit()


def test_what_is_not_run_is_named_in_one_line(app: RunningApp) -> None:
    (line,) = [line for line in app.stack.printed().splitlines() if "Not run here" in line]
    assert line.split(maxsplit=3)[3] == "Machine, Function (Schedule), Function's MACHINE"


def test_a_changed_template_is_deployed_and_served(app: RunningApp) -> None:
    template = app.folder / "template.yaml"
    text = template.read_text()
    template.write_text(text.replace("GREETING:", "NEW: !Ref Greeting\n          GREETING:"))
    assert eventually(lambda: app.ask("/things").json()["environment"].get("NEW") == "HELLO", 20)
    template.write_text("Resources: [")
    assert eventually(lambda: "is not valid YAML" in app.stack.printed(), 20)
    assert app.ask("/things").status_code == 200
