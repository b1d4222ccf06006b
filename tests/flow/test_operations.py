"""Runs the instructions in docs/operations.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.documents import read, section
from tests.flow.conftest import SECRET_ID, Stack


def test_a_replaced_session_key_ends_all_sessions_within_five_minutes(stack: Stack) -> None:
    visitor, another = stack.browser(), stack.browser()
    stack.sign_in(visitor)
    stack.put_secret(previous_session_key=stack.secret()["session_key"], session_key="k" * 64)
    stack.clock.advance(300)
    stack.sign_in(another)
    assert [each.get("/me").status for each in (visitor, another)] == [200, 200]

    found = re.search(r"python3 -c '(.+?)'", section(read("docs/operations.md"), "Rotate"), re.S)
    assert found
    before = stack.secret()
    replaced = subprocess.run(  # noqa: S603 - the documented command
        [sys.executable, "-c", found[1]],
        input=json.dumps(before),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString=replaced)
    stack.clock.advance(300)

    assert [each.get("/me").status for each in (visitor, another)] == [401, 401]
    after = stack.secret()
    assert {name for name in before if before[name] != after.get(name)} == {
        "session_key",
        "previous_session_key",
    }
    stack.sign_in(visitor)
    assert visitor.get("/me").status == 200
