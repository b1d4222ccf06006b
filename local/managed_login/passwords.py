"""Choosing a password: the two fields, the rules, and the rules that are violated."""

from __future__ import annotations

from local.managed_login.incoming import Incoming
from local.managed_login.pages import Field
from local.managed_login.pool import MAXIMUM_PASSWORD_LENGTH, PasswordPolicy


def password_fields(
    policy: PasswordPolicy, incoming: Incoming, label: str, problems: dict[str, str]
) -> list[Field]:
    """The two password fields; ``label`` is the key of the first one's label."""
    least = policy.minimum_length
    return [
        Field(
            "password",
            incoming.say(label),
            "password",
            autocomplete="new-password",
            rules=tuple(incoming.say(f"rule_{rule}", least=least) for rule in policy.rules()),
            problem=problems.get("password", ""),
        ),
        Field(
            "repeated",
            incoming.say(f"again_{label}"),
            "password",
            autocomplete="new-password",
            problem=problems.get("repeated", ""),
        ),
    ]


def password_problems(policy: PasswordPolicy, incoming: Incoming) -> dict[str, str]:
    """The problems with the new password and its repetition, by field; one line for each rule."""
    password, repeated = incoming.form["password"], incoming.form["repeated"]
    if not password:
        return {"password": incoming.say("enter_new_password")}
    bounds = {"least": policy.minimum_length, "most": MAXIMUM_PASSWORD_LENGTH}
    broken = [incoming.say(f"broken_{rule}", **bounds) for rule in policy.broken(password)]
    if broken:
        return {"password": "\n".join(broken)}
    if password != repeated:
        return {"repeated": incoming.say("passwords_differ")}
    return {}
