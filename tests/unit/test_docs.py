"""The documents match the code and the template completely."""

from __future__ import annotations

import json
import re
from pathlib import Path

import foyer
import foyer_rotation
import pytest
from foyer.aws.secret_store import parse_credentials
from foyer_rotation import errors as rotation_errors
from foyer_rotation.secret_value import SecretValue

from local.template_file import read_template
from tests.browser.take_diagrams import PICTURES, SCHEMES, hashes
from tests.documents import ROOT, documented, in_source, read, section

WEB = Path(foyer.__file__).parent
ROTATION = Path(foyer_rotation.__file__).parent
RESOURCES = read_template(ROOT / "template.yaml")["Resources"]


@pytest.mark.parametrize(("name", "package"), [("Web", WEB), ("Rotation", ROTATION)])
def test_environment_variables_and_log_messages_are_documented(name: str, package: Path) -> None:
    """tests/flow/conftest.py holds what the function really logs to the same list."""
    variables, messages = documented(f"{name} variables"), documented(f"{name} messages")
    given = set(RESOURCES[f"{name}Function"]["Properties"]["Environment"]["Variables"])
    read = in_source(package, r'"([A-Z]+(?:_[A-Z]+)+)"')
    assert given - read <= {"AWS_ENDPOINT_URL"}, "which boto3 reads"
    assert variables == (read & variables) | given
    assert in_source(package, r'environ(?:\.get)?[\[(,] ?"(\w+)"') <= variables
    called = r'log\.(?:debug|info|warning|error|critical|exception)\(\s*"([^"]+)"'
    assert in_source(package, called) <= messages
    assert messages <= in_source(package, r'"([\w ]+)"')


def test_every_field_of_the_secret_is_documented_and_read() -> None:
    made_by_the_stack = {
        "client_id": "i",
        "client_secret": "s" * 24,
        "session_key": "k" * 32,
        "origin_verify": "v" * 24,
    }
    after_rotation = SecretValue(made_by_the_stack).successor([])
    assert documented("Its fields") == after_rotation.fields.keys()
    assert len(parse_credentials(after_rotation.dump()).session_keys) == 2
    template = read("template.yaml")
    resolved = re.findall(r"\{\{resolve:secretsmanager:[^}]+\}:SecretString:(\w+)\}\}", template)
    assert documented("Secrets of other providers") == set(resolved)


def test_every_metric_error_and_reason_is_documented_and_can_come_up() -> None:
    """tests/flow/conftest.py holds the reasons that do come up to the same list."""
    kinds = rotation_errors.RotationError.__subclasses__()
    kinds += [each for kind in kinds for each in kind.__subclasses__()]
    assert documented("Rotation errors") == {kind.__name__ for kind in kinds}
    assert documented("Metrics") == in_source(WEB, r'counters\.count\(\s*"(\w+)"')
    assert documented("Broken seals") == in_source(WEB, r'(?:SealBroken|UnknownKey)\("([^"]+)"')
    words = in_source(WEB, r'["}]_?([\w, ]+?)_?["{]')
    for reason in documented("Reasons"):
        halves = [{reason[:at], reason[at + 1 :]} for at, each in enumerate(reason) if each == "_"]
        assert reason in words or any(each <= words for each in halves), reason


def test_every_alarm_has_its_runbook_and_is_counted_in_the_monthly_cost() -> None:
    kind = "AWS::CloudWatch::Alarm"
    alarms = {name for name, resource in RESOURCES.items() if resource["Type"] == kind}
    runbook = section(read("docs/operations.md"), "Runbook")
    assert set(re.findall(r"^#+ (\w+)$", runbook, re.M)) == alarms
    cost = section(read("docs/operations.md"), "Cost")
    assert f"| alarms | {len(alarms)} × $0.10 |" in cost
    assert f"| metrics | {len(documented('Metrics'))}, and one for each" in cost


def test_every_test_that_the_page_about_asvs_names_exists() -> None:
    cited = re.findall(r"`(\w+/\w+)::(\w+)`", read("docs/asvs.md"))
    assert cited
    for file, name in cited:
        assert f"\ndef {name}(" in read(f"tests/{file}.py"), name


def test_each_folder_has_an_index_that_names_every_document() -> None:
    recipes = read("docs/recipes/README.md")
    for folder, also in (("docs", recipes), ("docs/decisions", ""), ("docs/recipes", "")):
        index = read(f"{folder}/README.md") + also
        linked = set(re.findall(r"\]\((?:\.\./)?([\w-]+\.md)", index))
        assert {file.name for file in (ROOT / folder).glob("*.md")} - {"README.md"} <= linked


def test_the_pictures_of_diagrams_are_up_to_date() -> None:
    drawn = json.loads(read("docs/pictures/diagrams.json"))
    assert drawn == hashes(), "run `make diagrams`"
    assert all((PICTURES / f"{name}-{it}.png").exists() for name in drawn for it in SCHEMES)
