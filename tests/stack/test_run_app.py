"""`make run APP=…`: a second template is served beside Foyer's, with its own stack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

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

    @property
    def environment(self) -> dict[str, str]:
        found: dict[str, str] = self.ask("/things").json()["environment"]
        return found


def authorizer(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["event"]["requestContext"]["authorizer"]
    return found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    folder = tmp_path_factory.mktemp("project") / "things-app"
    shutil.copytree(_APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    output = tmp_path_factory.mktemp("output") / "printed"
    arguments = ["--app", str(folder), "--app-parameter", "Greeting=HELLO"]
    with running_stack(output, arguments) as stack:
        yield RunningApp(stack, folder)


def test_paths_below_the_mapping_key_are_the_apps_behind_its_authorizer(app: RunningApp) -> None:
    refused = app.ask("/things/seven")
    assert (refused.status_code, refused.json()) == (403, {"message": "Forbidden"})
    answer = app.ask("/things/seven", x_name="me")
    assert authorizer(answer) == {"lambda": {"name": "me"}}
    event = answer.json()["event"]
    assert (event["rawPath"], event["routeKey"]) == ("/things/seven", "ANY /{id}")
    assert event["requestContext"]["http"]["path"] == "/things/seven"
    assert event["pathParameters"] == {"id": "seven"}
    assert answer.json()["stored"] == {"id": "seven", "kept": True}  # in its table
    # Foyer keeps its own routes.
    assert app.ask("/healthz").status_code == 200
    assert app.ask("/thingsandmore").status_code == 404


def test_variables_are_what_cloudformation_makes_of_them_and_none_of_foyers(
    app: RunningApp,
) -> None:
    environment = app.environment
    assert (environment["VOLUME"], environment["GREETING"]) == ("loud", "HELLO from things-app")
    assert environment["TABLE_ARN"].endswith(f"/{environment['TABLE']}")
    assert environment["POOL"].startswith("us-east-1_")
    assert not {"SECRET_ID", "COGNITO_DOMAIN_URL", "APP_URL"} & environment.keys()
    (line,) = [line for line in app.stack.printed().splitlines() if "Not run here" in line]
    assert line.split(maxsplit=3)[3] == "Machine, Function (Schedule), Function's MACHINE"


def test_tokens_of_the_local_pool_are_checked(app: RunningApp) -> None:
    refused = app.ask("/things/token", authorization="Bearer a.b.c")
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    tokens = app.stack.aws.client("cognito-idp").initiate_auth(
        ClientId=app.environment["CLIENT"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": DEMO_USER, "PASSWORD": DEMO_PASSWORD},
    )["AuthenticationResult"]
    answer = app.ask("/things/token", authorization=f"Bearer {tokens['AccessToken']}")
    claims = authorizer(answer)["jwt"]["claims"]
    assert claims["username"] == DEMO_USER
    assert claims["exp"].isdigit()


def test_a_changed_template_is_deployed_and_served(app: RunningApp) -> None:
    template = app.folder / "template.yaml"
    text = template.read_text()
    template.write_text(text.replace("GREETING:", "NEW: !Ref Greeting\n          GREETING:"))
    assert eventually(lambda: app.environment.get("NEW") == "HELLO", 20)
    template.write_text("Resources: [")
    assert eventually(lambda: "is not valid YAML" in app.stack.printed(), 20)
    assert app.ask("/things").status_code == 200
