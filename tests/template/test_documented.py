"""docs/settings.md, samconfig.toml and the deployment example match the template."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import yaml

from tests.documents import ROOT, read, section, table
from tests.template.rendering import render, source

SETTINGS = read("docs/settings.md")
SAMCONFIG: dict[str, Any] = tomllib.loads(read("samconfig.toml"))
STAGES = ("staging", "prod")
WORKFLOW: dict[Any, Any] = yaml.safe_load(read("examples/deploy/deploy.yaml"))


def test_every_parameter_is_documented_with_its_default_and_what_is_allowed() -> None:
    rows = table(section(SETTINGS, "Parameters"))
    declared = source()["Parameters"]
    assert [row[0].strip("`") for row in rows] == list(declared)
    for row, parameter in zip(rows, declared.values(), strict=True):
        assert row[1].strip("`") == (str(parameter["Default"]) or "\N{EN DASH}")
        if "AllowedValues" in parameter:
            assert row[2].split(", ") == [str(value) for value in parameter["AllowedValues"]]
        elif parameter["Type"] == "Number":
            assert row[2] == f"{parameter['MinValue']} to {parameter['MaxValue']}"
        else:
            assert row[2].replace("`", "") == parameter["ConstraintDescription"]


def test_every_output_is_documented() -> None:
    documented = [row[0].strip("`") for row in table(section(SETTINGS, "Outputs"))]
    assert documented == list(source()["Outputs"])
    assert "# Change here" in read("template.yaml")
    assert "Change here" in section(SETTINGS, "Parameters"), "which every marked place says"


def test_each_environment_of_samconfig_sets_what_the_template_takes_in_a_stack_of_its_own() -> None:
    for stage in STAGES:
        deploy = SAMCONFIG[stage]["deploy"]["parameters"]
        assert render(dict(each.split("=", 1) for each in deploy["parameter_overrides"])).resources
        assert deploy["capabilities"] == "CAPABILITY_IAM"
        assert deploy["confirm_changeset"] is True
    names = [SAMCONFIG[env]["global"]["parameters"]["stack_name"] for env in ("default", *STAGES)]
    assert names == ["foyer", *(f"foyer-{stage}" for stage in STAGES)]


# -- examples/deploy ----------------------------------------------------------------------------


def test_the_workflow_deploys_environments_that_exist() -> None:
    inputs = WORKFLOW[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads "on" as true
    assert inputs["stage"]["options"] == list(STAGES)
    assert not (ROOT / ".github/workflows/deploy.yaml").exists(), "an example, not at work"


def test_the_workflow_has_no_long_lived_key_and_what_the_build_runs_cannot_get_one() -> None:
    build, deploy = WORKFLOW["jobs"]["build"], WORKFLOW["jobs"]["deploy"]
    assert WORKFLOW["permissions"] == {}
    assert build["permissions"] == {"contents": "read"}
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    assert deploy["needs"] == "build"
    assert deploy["steps"][0]["if"] == "vars.AWS_ROLE_ARN == ''", "stops where nothing is set"
    text = json.dumps(WORKFLOW["jobs"])
    assert not re.search(r"secrets\.|access-key", text)
    commands = " ".join(step.get("run", "") for step in deploy["steps"])
    assert not re.search(r"make |\.venv", commands)
    (credentials,) = (
        step["with"]
        for step in deploy["steps"]
        if step.get("uses", "").startswith("aws-actions/configure-aws-credentials@")
    )
    assert credentials["role-duration-seconds"] > deploy["timeout-minutes"] * 60


def test_actions_are_pinned_to_commits_and_no_input_is_pasted_into_a_shell() -> None:
    for job in WORKFLOW["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))
            assert "${{" not in step.get("run", "")


def test_the_stack_policy_guards_resources_that_exist() -> None:
    policy = json.loads(read("examples/deploy/stack-policy.json"))
    named = re.findall(r"LogicalResourceId/(\w+)", json.dumps(policy))
    assert set(named) == {"UserPool", "UserPoolDomain"}
    assert set(named) <= source()["Resources"].keys()
    shown = section(read("docs/operations.md"), "Upgrade")
    assert "--stack-policy-body file://examples/deploy/stack-policy.json" in shown
