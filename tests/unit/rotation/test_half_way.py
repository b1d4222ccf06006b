"""The function may end before or after any call; sign-in works, and a retry completes.

The calls are counted in an undisturbed rotation, so that each of them can be interrupted in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rotating_secret import STEPS
from tests.unit.rotation.conftest import Stack


class Died(BaseException):
    """Lambda ended the process: no handler, no clean-up."""


class Strike:
    """Counts the function's AWS calls and token requests; ends the function at one of them."""

    def __init__(self, stack: Stack) -> None:
        self.at: tuple[str, int] | None = None
        self.seen = {"before": 0, "after": 0}
        for client, service in (
            (stack.secret.boto3_client, "secrets-manager"),
            (stack.client_secrets, "cognito-identity-provider"),
        ):
            client.meta.events.register_first(f"before-call.{service}", self._hook("before"))
            client.meta.events.register_last(f"after-call.{service}", self._hook("after"))

    def _hook(self, when: str) -> Callable[..., None]:
        def happened(**_: Any) -> None:
            self.seen[when] += 1
            if self.at == (when, self.seen[when]):
                self.at = None
                raise Died

        return happened

    def arm(self, when: str, nth: int) -> None:
        self.seen = {"before": 0, "after": 0}
        self.at = (when, nth)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("rotations_before", [0, 1, 2])
def test_after_any_interruption_sign_in_works_and_the_rotation_can_finish(
    stack: Stack, when: str, rotations_before: int
) -> None:
    strike = Strike(stack)
    for _ in range(rotations_before):
        stack.rotate()
    strike.arm("before", 0)
    stack.rotate()
    calls = strike.seen["before"]
    assert calls >= 12  # else nothing was counted
    for nth in range(1, calls + 1):
        cached = stack.secret.value()["client_secret"]
        token = stack.secret.stage()
        strike.arm(when, nth)
        died = False
        try:
            for step in STEPS:
                stack.step(step, token)
        except Died:
            died = True
        strike.at = None
        assert died or nth == calls
        assert stack.signs_in_with(stack.secret.value()["client_secret"])
        assert stack.signs_in_with(cached)

        stack.rotate(token)

        after = stack.secret.value()["client_secret"]
        assert after != cached
        assert stack.signs_in_with(after)
        assert stack.signs_in_with(cached)
        assert len(stack.client.active) == 2
