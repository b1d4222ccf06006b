"""The documents say what the code and the template do: no less, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import foyer
import foyer_rotation
import pytest
from foyer.problems import reason
from foyer_rotation import errors as rotation_errors
from foyer_rotation.secret_value import SecretValue

from local.template import read_template
from tests import source_words
from tests.documents import ROOT, anchors, first_column, headings, links, read, section

WEB = Path(foyer.__file__).parent
ROTATION = Path(foyer_rotation.__file__).parent
SETTINGS = read("docs/settings.md")
TEMPLATE = read_template(ROOT / "template.yaml")
DOCUMENTS = sorted(
    str(file.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for file in ROOT.glob(pattern)
)


def documented(heading: str) -> list[str]:
    names = first_column(section(SETTINGS, heading))
    assert len(names) == len(set(names)), "each once"
    return names


def environment_of(function: str) -> set[str]:
    return set(TEMPLATE["Resources"][function]["Properties"]["Environment"]["Variables"])


def alarms() -> set[str]:
    resources = TEMPLATE["Resources"].items()
    return {name for name, each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}


@pytest.mark.parametrize(
    ("heading", "package", "function"),
    [
        ("Web variables", WEB, "WebFunction"),
        ("Rotation variables", ROTATION, "RotationFunction"),
    ],
)
def test_every_environment_variable_is_documented(
    heading: str, package: Path, function: str
) -> None:
    read_or_set = source_words.environment_variables(package) | environment_of(function)
    assert set(documented(heading)) == read_or_set


def test_the_template_sets_no_variable_that_nobody_reads() -> None:
    by_the_sdk = {"AWS_ENDPOINT_URL"}
    for package, function in ((WEB, "WebFunction"), (ROTATION, "RotationFunction")):
        read_by_us = source_words.environment_variables(package)
        assert environment_of(function) - by_the_sdk <= read_by_us


def test_every_field_of_the_secret_is_documented() -> None:
    made_by_the_stack = {"client_id": "i", "client_secret": "s", "session_key": "k"}
    after_rotation = set(SecretValue(made_by_the_stack).successor([]).fields)
    read_by_web = source_words.secret_fields(WEB)
    assert read_by_web <= after_rotation
    assert set(documented("Its fields")) == after_rotation


def test_every_field_of_the_providers_secrets_is_documented() -> None:
    template = read("template.yaml")
    resolved = re.findall(r"\{\{resolve:secretsmanager:[^}]+\}:SecretString:(\w+)\}\}", template)
    assert set(documented("Secrets of other providers")) == set(resolved)


def test_every_metric_is_documented() -> None:
    assert set(documented("Metrics")) == source_words.counted_metrics(WEB)


@pytest.mark.parametrize(
    ("heading", "package"), [("Web messages", WEB), ("Rotation messages", ROTATION)]
)
def test_every_log_message_is_documented(heading: str, package: Path) -> None:
    assert set(documented(heading)) == source_words.log_messages(package)


def test_every_reason_is_documented() -> None:
    unexpected = reason(ValueError())
    seals = set(documented("Broken seals"))
    assert seals == source_words.broken_seals(WEB)
    assert set(documented("Reasons")) - seals == source_words.reasons(WEB) | {unexpected}


def test_every_error_of_the_rotation_is_documented() -> None:
    kinds = rotation_errors.RotationError.__subclasses__()
    assert set(documented("Rotation errors")) == {kind.__name__ for kind in kinds}


def test_every_alarm_has_its_runbook() -> None:
    runbook = section(read("docs/operations.md"), "Runbook")
    assert set(headings(runbook)) == alarms()


def test_the_diagram_shows_resources_that_exist_and_every_function() -> None:
    diagram = section(read("docs/architecture.md"), "What a deployment is")
    shown = set(re.findall(r"<b>(\w+)</b>", diagram))
    resources = TEMPLATE["Resources"]
    functions = {
        name for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"
    }
    assert functions <= shown <= set(resources)


def test_the_monthly_cost_counts_the_metrics_and_alarms_that_there_are() -> None:
    cost = section(read("docs/operations.md"), "Cost")
    assert f"| alarms | {len(alarms())} × $0.10 |" in cost
    assert f"| metrics | {len(documented('Metrics'))}, and one for each" in cost


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    for link in links(read(document)):
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_the_index_names_every_document() -> None:
    index = links(read("docs/README.md"))
    there = {f for f in DOCUMENTS if f.startswith("docs/") and f != "docs/README.md"}
    assert there <= {f"docs/{link.partition('#')[0]}" for link in index}
