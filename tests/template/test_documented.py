"""docs/settings.md, samconfig.toml and the deployment example match the template."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents import read, section, table
from tests.template.rendering import render, source

ROOT = Path(__file__).parents[2]
SETTINGS = read("docs/settings.md")
SAMCONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
STAGES = ("staging", "prod")


def test_every_parameter_is_documented_with_its_default() -> None:
    rows = table(section(SETTINGS, "Parameters"))
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows}
    declared = {
        name: str(parameter["Default"]) or "\N{EN DASH}"
        for name, parameter in source()["Parameters"].items()
    }
    assert documented == declared
    assert len(rows) == len(documented), "each once"


@pytest.mark.parametrize("row", table(section(SETTINGS, "Parameters")), ids=lambda row: row[0])
def test_what_the_documents_allow_is_what_the_template_allows(row: list[str]) -> None:
    declared = source()["Parameters"][row[0].strip("`")]
    if "AllowedValues" in declared:
        assert row[2].split(", ") == [str(value) for value in declared["AllowedValues"]]
    elif declared["Type"] == "Number":
        assert row[2] == f"{declared['MinValue']} to {declared['MaxValue']}"
    else:
        assert row[2].replace("`", "") == declared["ConstraintDescription"]


def test_every_output_is_documented() -> None:
    documented = [row[0].strip("`") for row in table(section(SETTINGS, "Outputs"))]
    assert documented == list(source()["Outputs"])


def test_every_marked_place_is_announced() -> None:
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    places = re.findall(r"^.*# Change here", text, re.MULTILINE)
    assert places
    assert "Change here" in section(SETTINGS, "Parameters")


@pytest.mark.parametrize("stage", STAGES)
def test_the_environments_of_samconfig_set_what_the_template_takes(stage: str) -> None:
    deploy = SAMCONFIG[stage]["deploy"]["parameters"]
    chosen = dict(each.split("=", 1) for each in deploy["parameter_overrides"])
    assert render(chosen).resources
    assert deploy["capabilities"] == "CAPABILITY_IAM"
    assert deploy["confirm_changeset"] is True


def test_no_two_environments_share_a_stack() -> None:
    names = [SAMCONFIG[env]["global"]["parameters"]["stack_name"] for env in ("default", *STAGES)]
    assert len(set(names)) == 3


# -- examples/deploy ----------------------------------------------------------------------------


def test_the_workflow_deploys_environments_that_exist_to_the_stacks_that_they_name() -> None:
    workflow = _workflow()
    inputs = workflow[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads "on" as true
    assert inputs["stage"]["options"] == list(STAGES)
    for stage in STAGES:
        assert SAMCONFIG[stage]["global"]["parameters"]["stack_name"] == f"foyer-{stage}"


def test_the_workflow_has_no_long_lived_key_and_stops_where_nothing_is_set() -> None:
    workflow = _workflow()
    job = workflow["jobs"]["deploy"]
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    text = json.dumps(workflow["jobs"])
    assert "secrets." not in text
    assert "access-key" not in text
    assert job["steps"][0]["if"] == "vars.AWS_ROLE_ARN == ''"
    assert not (ROOT / ".github/workflows/deploy.yaml").exists(), "an example, not at work"


def test_what_the_build_runs_cannot_get_credentials() -> None:
    jobs = _workflow()["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert jobs["deploy"]["needs"] == "build"
    commands = " ".join(step.get("run", "") for step in jobs["deploy"]["steps"])
    assert "make " not in commands
    assert ".venv" not in commands


def test_the_credentials_outlive_the_job() -> None:
    job = _workflow()["jobs"]["deploy"]
    (asked,) = (
        step["with"]["role-duration-seconds"]
        for step in job["steps"]
        if step.get("uses", "").startswith("aws-actions/configure-aws-credentials@")
    )
    assert asked > job["timeout-minutes"] * 60


def test_actions_are_pinned_to_commits() -> None:
    steps = [step for job in _workflow()["jobs"].values() for step in job["steps"]]
    for action in (step["uses"] for step in steps if "uses" in step):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action), action


def test_no_input_is_pasted_into_a_shell() -> None:
    for job in _workflow()["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


def test_the_stack_policy_guards_resources_that_exist() -> None:
    policy = json.loads(read("examples/deploy/stack-policy.json"))
    named = re.findall(r"LogicalResourceId/(\w+)", json.dumps(policy))
    assert set(named) == {"UserPool", "UserPoolDomain"}
    assert set(named) <= source()["Resources"].keys()
    shown = section(read("docs/operations.md"), "Upgrade")
    assert "--stack-policy-body file://examples/deploy/stack-policy.json" in shown


def _workflow() -> Any:
    return yaml.safe_load(read("examples/deploy/deploy.yaml"))
