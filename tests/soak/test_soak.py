"""A short soak test; `make soak` runs a long one, with its figures in docs/security.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak import __main__ as command
from tests.soak.soak import Figures, Sample, soak
from tests.soak.visitors import Tally

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("in_table", [False, True], ids=["cookie", "table"])
def test_users_are_not_mixed_up_and_nothing_is_lost_or_leaks(
    tmp_path: Path, in_table: bool
) -> None:
    figures = soak(
        tmp_path, sign_ins=120, warm_up=60, users=8, seconds=60, one_in=20, in_table=in_table
    )
    assert figures.tally.sign_ins > 20, figures.report()
    assert figures.messages["signed_in"] == figures.tally.sign_ins
    assert figures.faults
    assert figures.unexpected == 0, figures.messages
    assert len(figures.processes) == 4, "none was replaced"
    assert max(figures.growth("files").values()) <= 4
    assert max(figures.growth("memory").values()) < 8 << 20


@pytest.mark.parametrize(("lines", "code"), [(0, 0), (1, 1), (256, 1)])
def test_unexpected_log_lines_are_counted_and_fail_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lines: int, code: int
) -> None:
    figures = Figures(Tally(wanted=0, deadline=0), seconds=1, samples=[Sample(0, {}, {})])
    figures.messages["session_ended"] = lines
    monkeypatch.setattr(command, "soak", lambda *_, **__: figures)
    assert command.main([]) == code
    assert f"{lines} unexpected log lines" in capsys.readouterr().out
