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
def test_the_documents_and_the_template_allow_the_same(row: list[str]) -> None:
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
    assert "# Change here" in read("template.yaml")
    assert "Change here" in section(SETTINGS, "Parameters"), "which every marked place says"


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
    inputs = _workflow()[True]["workflow_dispatch"]["inputs"]  # YAML 1.1 reads "on" as true
    assert inputs["stage"]["options"] == list(STAGES)
    for stage in STAGES:
        assert SAMCONFIG[stage]["global"]["parameters"]["stack_name"] == f"foyer-{stage}"
    assert not (ROOT / ".github/workflows/deploy.yaml").exists(), "an example, not at work"


def test_the_workflow_has_no_long_lived_key_and_what_the_build_runs_cannot_get_one() -> None:
    workflow = _workflow()
    build, deploy = workflow["jobs"]["build"], workflow["jobs"]["deploy"]
    assert workflow["permissions"] == {}
    assert build["permissions"] == {"contents": "read"}
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    assert deploy["needs"] == "build"
    assert deploy["steps"][0]["if"] == "vars.AWS_ROLE_ARN == ''", "stops where nothing is set"
    text = json.dumps(workflow["jobs"])
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
    for job in _workflow()["jobs"].values():
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


def _workflow() -> Any:
    return yaml.safe_load(read("examples/deploy/deploy.yaml"))
