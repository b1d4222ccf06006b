"""Counts reach CloudWatch as lines of the embedded metric format, as Powertools writes them."""

from __future__ import annotations

import json

import pytest
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)
from foyer.counters import Counters


@pytest.mark.parametrize("reason", [None, "token_timeout", 'odd " \u2028 reason'])
@pytest.mark.parametrize("stack_name", ["shop", "Bücher \N{SNOWMAN}"])
def test_a_count_is_the_line_that_powertools_would_write(
    capsys: pytest.CaptureFixture[str], stack_name: str, reason: str | None
) -> None:
    Counters(namespace="Foyer", stack_name=stack_name).count("GuardRefused", reason=reason)
    written = capsys.readouterr().out
    assert written.isascii()
    assert written.count("\n") == 1, "a log event holds one document and nothing else"
    powertools = AmazonCloudWatchEMFProvider(namespace="Foyer", service=stack_name)
    powertools.add_metric(name="GuardRefused", unit=MetricUnit.Count, value=1)
    if reason:
        powertools.add_dimensions(service=stack_name, reason=reason)
    powertools.flush_metrics()
    ours, theirs = json.loads(written), json.loads(capsys.readouterr().out)
    assert abs(ours["_aws"].pop("Timestamp") - theirs["_aws"].pop("Timestamp")) < 60_000  # ms
    assert ours == theirs
