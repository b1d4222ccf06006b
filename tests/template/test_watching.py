"""Alarms and the dashboard use metrics that the code writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from foyer.counters import Counters

from tests.documents import documented
from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import render

_TOPIC = PARAMETER_SETS["production"]["AlarmTopicArn"]


def _alarms(parameters: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    return render(parameters).of_type("AWS::CloudWatch::Alarm")


def _dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def test_an_alarm_says_what_it_means_and_notifies_the_topic_if_there_is_one() -> None:
    notifying = _alarms({"AlarmTopicArn": _TOPIC})
    for name, alarm in _alarms().items():
        assert len(alarm["AlarmDescription"]) > 20
        assert alarm["TreatMissingData"] == "notBreaching", "quiet without visitors"
        assert "AlarmActions" not in alarm
        assert notifying[name]["AlarmActions"] == notifying[name]["OKActions"] == [_TOPIC]


@pytest.mark.parametrize(
    ("metric", "unwatched"),
    [("Errors", set()), ("Throttles", {"RotationFunction"})],  # Secrets Manager tries again
)
def test_every_function_that_visitors_or_rotations_need_raises_an_alarm(
    metric: str, unwatched: set[str]
) -> None:
    functions = render().of_type("AWS::Lambda::Function").keys() - {"CredentialsFunction"}
    watched = {
        value
        for alarm in _alarms().values()
        if (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", metric)
        for value in _dimensions(alarm).values()
    }
    assert watched == {f"<{name}>" for name in functions - unwatched}


def test_alarms_use_the_dimensions_that_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    environment = render().environment("WebFunction")
    namespace, stack_name = environment["METRICS_NAMESPACE"], environment["STACK_NAME"]
    counters = Counters(namespace=namespace, stack_name=stack_name)
    counters.count("SignInFailed", reason="token_throttled")
    written = json.loads(capsys.readouterr().out)
    (metrics,) = written["_aws"]["CloudWatchMetrics"]
    sets = [sorted(each) for each in metrics["Dimensions"]]
    ours = [alarm for alarm in _alarms().values() if alarm["Namespace"] == metrics["Namespace"]]
    assert ours
    for alarm in ours:
        assert sorted(_dimensions(alarm)) in sets
        assert _dimensions(alarm)["service"] == written["service"]
    reasons = {reason for alarm in ours if (reason := _dimensions(alarm).get("reason"))}
    assert reasons <= documented("Reasons")


def test_the_dashboard_shows_what_is_counted() -> None:
    text = render().properties("Dashboard")["DashboardBody"]
    for shown in (*documented("Metrics"), "p50", "p95", "p99", "5xx", "Throttles", "reason"):
        assert shown in text
    widgets = json.loads(text)["widgets"]
    assert {widget["properties"]["region"] for widget in widgets} == {"eu-west-1"}
    # Dashboards are global: the same name in a second region fails that deployment.
    assert render().properties("Dashboard")["DashboardName"] == "shop-eu-west-1"


def test_every_log_group_has_an_end_and_the_key_where_one_is_given() -> None:
    parameters = PARAMETER_SETS["production"]
    groups = render(parameters).of_type("AWS::Logs::LogGroup")
    assert groups
    for name, group in groups.items():
        assert group["RetentionInDays"] == parameters["LogRetentionDays"]
        assert group["KmsKeyId"] == parameters["LogKmsKeyArn"]
        assert "KmsKeyId" not in render().properties(name)


def test_functions_write_to_the_groups_that_have_an_end() -> None:
    for name, function in render().of_type("AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogGroup"] == f"<{name.removesuffix('Function')}Logs>"
