"""A file of users is read, or what is wrong with it is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import seed
from local.places import RunError


def test_users_are_read_from_yaml_and_addresses_count_as_verified(tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    file.write_text("""
- username: ada
  password: Correct-horse-1
  attributes: {email: ada@example.com, "custom:level": 3}
  groups: [admins]
- {username: bob, password: Correct-horse-1, attributes: {email: b@c.de, email_verified: false}}
""")
    ada, bob = seed.read(file)
    own = {"email": "ada@example.com", "custom:level": "3"}
    assert ada.attributes == {"email_verified": "true", **own}
    assert ada.groups == ("admins",)
    assert bob.attributes["email_verified"] == "false"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "cannot be read"),
        ("{}", "is not a list of users"),
        ("- [", "is neither JSON nor YAML"),
        ("- ada", "user 1 is not an object"),
        ("- {username: ada}", "user 1 has no password"),
        ("- {password: x}", "user 1 has no username"),
        ("- {username: a, password: b, group: c}", "user 1 has an unknown field, group"),
        ("- {username: a, password: b, groups: c}", "groups that are no list"),
    ],
)
def test_an_unusable_file_is_reported_in_a_sentence(
    tmp_path: Path, text: str | None, sentence: str
) -> None:
    file = tmp_path / "users.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(RunError, match=sentence):
        seed.read(file)
