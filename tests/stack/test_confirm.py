"""examples/deploy/confirm.py asks a running app and its login pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.confirm import confirm
from tests.running_stack import RunningStack


class _Stack:
    """What the script knows of a deployed stack, for the one that runs here."""

    def __init__(self, running: RunningStack) -> None:
        secrets = running.aws.client("secretsmanager")
        self.secret: dict[str, Any] = json.loads(
            secrets.get_secret_value(SecretId="foyer/foyer")["SecretString"]
        )
        self.app = running.app
        self.outputs = {"LoginUrl": running.login, "ClientId": self.secret["client_id"]}


@pytest.fixture
def deployed(running: RunningStack) -> _Stack:
    return _Stack(running)


@pytest.mark.parametrize(
    "item",
    [
        confirm.app_answers,
        confirm.login_page_opens,
        confirm.sign_up_page_opens,
        confirm.right_secret_is_told_from_a_wrong_one,
    ],
)
def test_what_works_is_confirmed(deployed: _Stack, item: Any) -> None:
    assert confirm.judge(item, deployed) == "yes"


def test_a_login_page_elsewhere_is_not_confirmed(deployed: _Stack) -> None:
    deployed.outputs["LoginUrl"] = "https://auth.example.com"
    assert confirm.judge(confirm.login_page_opens, deployed) == "NO"


def test_a_wrong_client_secret_is_not_confirmed(deployed: _Stack) -> None:
    deployed.secret["client_secret"] = "wrong" * 8
    assert confirm.judge(confirm.right_secret_is_told_from_a_wrong_one, deployed) == "NO"


def test_an_app_that_does_not_answer_is_not_known(deployed: _Stack) -> None:
    deployed.app = "http://localhost:1"
    assert confirm.judge(confirm.app_answers, deployed).startswith("not known: localhost:1")
