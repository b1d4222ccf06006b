"""CloudWatch metrics, written to the log in the embedded metric format.

Each count is a line of its own, complete at once: nothing is kept between requests, and a
function that dies has lost nothing.
"""

from __future__ import annotations

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)


class Counters:
    """Counts events of one stack; the stack's name is the dimension ``service``."""

    def __init__(self, *, namespace: str, stack_name: str) -> None:
        self._stack_name = stack_name
        # Own sets: by default Powertools shares them between all metrics objects.
        self._metrics = AmazonCloudWatchEMFProvider(
            namespace=namespace,
            service=stack_name,
            metric_set={},
            dimension_set={},
            metadata_set={},
            default_dimensions={},
        )

    def count(self, name: str, *, reason: str | None = None) -> None:
        """Count one; with a reason, count it for that reason too."""
        self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
        if reason:
            self._metrics.add_dimensions(service=self._stack_name, reason=reason)
        self._metrics.flush_metrics()
        self._metrics.clear_metrics()  # flushing clears nothing when Powertools is turned off
