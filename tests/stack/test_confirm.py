"""examples/deploy/confirm.py asks a running app and its login pages."""

from __future__ import annotations

import json
from types import SimpleNamespace

from tests.confirm import confirm
from tests.running_stack import RunningStack


def test_what_works_is_told_from_what_does_not(running: RunningStack) -> None:
    secrets = running.aws.client("secretsmanager")
    secret = json.loads(secrets.get_secret_value(SecretId="foyer/foyer")["SecretString"])
    outputs = {"LoginUrl": running.login, "ClientId": secret["client_id"]}
    # What the script knows of a deployed stack, for the one that runs here.
    deployed = SimpleNamespace(app=running.app, secret=secret, outputs=outputs)
    for item in (
        confirm.app_answers,
        confirm.login_page_opens,
        confirm.sign_up_page_opens,
        confirm.right_secret_is_told_from_a_wrong_one,
    ):
        assert confirm.judge(item, deployed) == "yes"
    secret["client_secret"] = "wrong" * 8
    assert confirm.judge(confirm.right_secret_is_told_from_a_wrong_one, deployed) == "NO"
    outputs["LoginUrl"] = "https://auth.example.com"
    assert confirm.judge(confirm.login_page_opens, deployed) == "NO"
    deployed.app = "http://localhost:1"
    assert confirm.judge(confirm.app_answers, deployed).startswith("not known: localhost:1")
