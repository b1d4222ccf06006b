"""A short soak test; `make soak` runs a long one, with its figures in docs/security.md."""

from __future__ import annotations

import subprocess

import pytest

from tests.running_stack import ROOT


@pytest.mark.parametrize("sessions", ["cookie", "table"])
def test_users_are_not_mixed_up_and_nothing_is_lost_or_leaks(sessions: str) -> None:
    options = (
        "--sign-ins 80 --warm-up 40 --users 8 --seconds 60 --access-token-seconds 1 --one-in 20"
    )
    command = ["make", "soak", f"ARGS={options} --sessions {sessions}"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own command
