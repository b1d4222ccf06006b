"""Counts reach CloudWatch as lines of the embedded metric format."""

from __future__ import annotations

import json

import pytest
from foyer.counters import Counters


def test_a_count_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    counters = Counters(namespace="Foyer", stack_name="shop")
    counters.count("SignInStarted")
    counters.count("SignInFailed", reason="token_timeout")
    started, failed = map(json.loads, capsys.readouterr().out.splitlines())

    (metric,) = started["_aws"]["CloudWatchMetrics"]
    assert metric["Namespace"] == "Foyer"
    assert metric["Dimensions"] == [["service"]]
    assert (started["service"], started["SignInStarted"]) == ("shop", [1.0])

    (metric,) = failed["_aws"]["CloudWatchMetrics"]
    assert metric["Dimensions"] == [["service"], ["service", "reason"]], "in all, and by reason"
    assert (failed["reason"], failed["SignInFailed"]) == ("token_timeout", [1.0])
    assert "SignInStarted" not in failed
