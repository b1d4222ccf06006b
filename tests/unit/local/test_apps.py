"""What is served, and what is named as not run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.apps import assemble
from local.cloudformation import Deployed
from local.template import Template
from local.template_file import read_template

_TEMPLATE = """
Resources:
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {LambdaConfig: {PreSignUp: Trigger, UserMigration: Trigger}}
  Trigger:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.handler, Runtime: python3.13}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Runtime: python3.13
      Events: {Page: {Type: HttpApi, Properties: {Method: GET, Path: /}}}
"""


@pytest.fixture
def deployed(tmp_path: Path) -> Deployed:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").touch()
    path = tmp_path / "template.yaml"
    path.write_text(_TEMPLATE)
    return Deployed(Template(path, read_template(path), {}, {}), {}, {}, ("Cluster",))


def test_triggers_run_as_functions_and_the_others_are_named(deployed: Deployed) -> None:
    apps = assemble(deployed, None)
    assert sorted(apps.functions) == ["Trigger", "Web"]
    assert apps.left_out == ("Cluster", "UserMigration (trigger)")


def test_where_no_trigger_runs_all_are_named(deployed: Deployed) -> None:
    apps = assemble(deployed, None, runs_triggers=False)
    assert apps.left_out == ("Cluster", "PreSignUp (trigger)", "UserMigration (trigger)")
