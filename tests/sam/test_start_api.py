"""`make start-api`: the local stack with the app under the real `sam local start-api`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.http_visitor import HttpVisitor
from tests.ports import is_free
from tests.process_tree import family, is_running
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, eventually, running_stack
from tests.sam_cli import built, containers, existing_containers


@pytest.mark.docker
@pytest.mark.sam
def test_the_demo_user_signs_in_and_out_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    built()
    with running_stack(tmp_path / "printed", ["--sam"]) as stack:
        visitor = HttpVisitor(stack.app)
        visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
        assert visitor.page.heading == "Demo Visitor"
        assert "demo@example.com" in visitor.page.text
        visitor.press("Sign out")
        assert visitor.answer.url == f"{stack.app}/"
        assert visitor.page.has_link("Create account")

        members = family(stack.process.pid)
        made = containers(stack.printed())
        assert len(made) == 1  # warm: every request met the same one
        assert made <= existing_containers()
        assert stack.press_ctrl_c() == 0
    assert made.isdisjoint(existing_containers())
    assert eventually(lambda: not any(map(is_running, members)))
    assert all(map(is_free, range(stack.port, stack.port + 3)))
    assert "Traceback" not in stack.printed()
