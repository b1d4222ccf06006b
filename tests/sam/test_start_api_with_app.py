"""`make start-api APP=examples/notes`: both stacks' functions in Lambda's image."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.http_visitor import HttpVisitor
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, running_stack
from tests.sam_cli import built_with, containers, existing_containers

NOTES = "examples/notes"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.mark.docker
@pytest.mark.sam
def test_notes_lets_the_signed_in_user_in_and_nobody_else(tmp_path: Path) -> None:
    built_with(NOTES)
    with running_stack(tmp_path / "printed", ["--sam", "--app", NOTES]) as stack:
        visitor = HttpVisitor(stack.app)
        visitor.send("GET", "/notes/api/notes", OWN_PAGE)
        assert visitor.answer.status_code == 403
        visitor.open("/notes")
        assert visitor.answer.url.startswith(f"{stack.login}/login?")
        visitor.press("Sign in", username=DEMO_USER, password=DEMO_PASSWORD)
        assert visitor.answer.url == f"{stack.app}/notes"
        assert "Demo Visitor" in visitor.answer.text
        visitor.send("GET", "/notes/api/notes", OWN_PAGE)
        assert visitor.answer.json() == {"notes": [], "announcements": []}
        visitor.send("POST", "/notes/api/announcements", OWN_PAGE)
        assert visitor.answer.status_code == 403
        assert "Only editors" in visitor.answer.text
        visitor.send("POST", "/notes/api/notes", {"Sec-Fetch-Site": "cross-site"})
        assert visitor.answer.status_code == 403
        assert stack.press_ctrl_c() == 0
    printed = stack.printed()
    assert containers(printed).isdisjoint(existing_containers())
    assert "Traceback" not in printed
