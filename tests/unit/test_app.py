"""The start of a container, in its own process as in Lambda."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from foyer import container
from foyer.settings import Settings

WEB = Path(__file__).parents[2] / "functions" / "web"

ENVIRON = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(WEB),
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",  # the discard port: nothing listens there
    "SECRET_ID": "foyer/test",
    "COGNITO_DOMAIN_URL": "https://foyer.auth.eu-central-1.amazoncognito.com",
    "COGNITO_ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example",
}

SNAPSHOT = ENVIRON | {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}  # reads nothing ahead

# Each costs a cold start more than all of ours: botocore, Powertools' router and tracer.
TOO_EXPENSIVE = {
    "asyncio", "aws_lambda_powertools.event_handler", "aws_xray_sdk", "boto3",
    "botocore.auth", "botocore.client", "botocore.compat", "botocore.credentials",
    "botocore.exceptions", "botocore.loaders", "botocore.session", "jinja2", "jwt", "s3transfer",
}  # fmt: skip


# What only some settings need, such as sessions in a table and limits to who may enter.
OFF = {
    "foyer.account.routes", "foyer.aws.dynamodb", "foyer.email_domain", "foyer.guard_table",
    "foyer.proxy", "foyer.sessions.entry", "foyer.sessions.rows", "foyer.sessions.table_keeper",
}  # fmt: skip

# What the web function needs and the guard does not: requests, Cognito's HTTP client, pages.
TOO_EXPENSIVE_FOR_THE_GUARD = TOO_EXPENSIVE | {
    "certifi", "foyer.cognito.http", "foyer.cognito.id_token", "foyer.pages", "foyer.routes",
    "importlib.resources", "markupsafe", "requests", "segno", "urllib3",
}  # fmt: skip

WEB_HANDLER, GUARD = "app.handler", "guard.handler"


def start(
    environ: dict[str, str], handler: str = WEB_HANDLER, *, then: str = ""
) -> tuple[int, list[Any]]:
    """Import the handler; return the exit status and what was printed, one JSON value a line."""
    module = handler.partition(".")[0]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", f"import foyer.{module}, json, sys\nfoyer.{handler}\n{then}"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("handler", "name"),
    [(WEB_HANDLER, "COGNITO_DOMAIN_URL"), (WEB_HANDLER, "COGNITO_ISSUER"), (GUARD, "SECRET_ID")],
)
def test_a_missing_variable_stops_the_start_and_is_named(handler: str, name: str) -> None:
    environ = {other: value for other, value in ENVIRON.items() if other != name}
    status, (line,) = start(environ, handler)
    assert status != 0
    assert (line["level"], line["message"]) == ("CRITICAL", "configuration_error")
    assert line["detail"] == f"{name} is not set"


@pytest.mark.parametrize("handler", [WEB_HANDLER, GUARD, "guard.visitor_handler"])
def test_the_secret_is_loaded_ahead_and_its_absence_stops_nothing(handler: str) -> None:
    status, (line,) = start(ENVIRON, handler)
    assert status == 0
    assert line["message"] == "secret_not_loaded"
    assert line["reason"] == "secret_unreachable"


@pytest.mark.parametrize(
    ("handlers", "needs", "too_expensive"),
    [
        (WEB_HANDLER, "COGNITO", TOO_EXPENSIVE),
        (f"{GUARD}, foyer.guard.visitor_handler", "SECRET_ID", TOO_EXPENSIVE_FOR_THE_GUARD),
    ],
)
def test_a_snapshot_holds_no_secret_and_no_expensive_module(
    handlers: str, needs: str, too_expensive: set[str]
) -> None:
    own = {name: SNAPSHOT[name] for name in SNAPSHOT if needs in name or "COGNITO" not in name}
    status, printed = start(own, handlers, then="print(json.dumps(list(sys.modules)))")
    assert (status, len(printed)) == (0, 1), "it did not try to read the secret"
    assert not (too_expensive | OFF) & set(printed[0])
    assert all(map(find_spec, OFF))


def test_nothing_is_read_ahead_into_a_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    for environ, reads in ((SNAPSHOT, False), (ENVIRON, True)):
        container.start(
            environ | {"STACK_NAME": "snapshot"}, Settings.from_environ, lambda _, made: made
        )
        assert ("secret_not_loaded" in capsys.readouterr().out) == reads


def test_importing_the_guard_builds_nothing() -> None:
    assert start({"PATH": ENVIRON["PATH"], "PYTHONPATH": str(WEB)}, "guard.Guard") == (0, [])
