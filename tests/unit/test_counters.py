"""Counts reach CloudWatch as lines of the embedded metric format, as Powertools writes them."""

from __future__ import annotations

import json
import time

import pytest
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)
from foyer.counters import Counters

# Rules of the specification's schema: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
MOST_DIMENSIONS, LONGEST_VALUE = 30, 1024


@pytest.mark.parametrize("reason", [None, 'odd " \u2028 reason'])
@pytest.mark.parametrize("stack_name", ["shop", "Bücher \N{SNOWMAN}"])
def test_a_count_is_one_line_that_the_specification_allows(
    capsys: pytest.CaptureFixture[str], stack_name: str, reason: str | None
) -> None:
    Counters(namespace="Foyer", stack_name=stack_name).count("SignInFailed", reason=reason)
    written = capsys.readouterr().out
    assert written.endswith("\n")
    (line,) = written.splitlines()  # a log event holds one document and nothing else
    counted = json.loads(line)

    about = counted["_aws"]
    assert about.keys() == {"Timestamp", "CloudWatchMetrics"}
    assert type(about["Timestamp"]) is int
    assert abs(about["Timestamp"] / 1000 - time.time()) < 60
    (directive,) = about["CloudWatchMetrics"]
    assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
    assert directive["Namespace"] == "Foyer"
    assert directive["Metrics"] == [{"Name": "SignInFailed", "Unit": "Count"}]
    assert counted["SignInFailed"] == [1.0]
    by_reason = [["service", "reason"]] if reason else []
    assert directive["Dimensions"] == [["service"], *by_reason], "in all, and by reason"
    for names in directive["Dimensions"]:
        assert len(names) <= MOST_DIMENSIONS
        assert all(0 < len(counted[name]) <= LONGEST_VALUE for name in names)
    assert (counted["service"], counted.get("reason")) == (stack_name, reason)


@pytest.mark.parametrize("reason", [None, "token_timeout"])
def test_powertools_would_write_the_same_line(
    capsys: pytest.CaptureFixture[str], reason: str | None
) -> None:
    Counters(namespace="Foyer", stack_name="shop").count("GuardRefused", reason=reason)
    powertools = AmazonCloudWatchEMFProvider(namespace="Foyer", service="shop")
    powertools.add_metric(name="GuardRefused", unit=MetricUnit.Count, value=1)
    if reason:
        powertools.add_dimensions(service="shop", reason=reason)
    powertools.flush_metrics()
    ours, theirs = map(json.loads, capsys.readouterr().out.splitlines())
    assert abs(ours["_aws"].pop("Timestamp") - theirs["_aws"].pop("Timestamp")) < 60_000
    assert ours == theirs
