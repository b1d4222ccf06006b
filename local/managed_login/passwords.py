"""Choosing a password: the two fields, the rules beside them, and what breaks a rule."""

from __future__ import annotations

from local.managed_login.incoming import Incoming
from local.managed_login.pages import Field
from local.managed_login.pool import PasswordPolicy


def password_fields(
    policy: PasswordPolicy, problems: dict[str, str], label: str = "New password"
) -> list[Field]:
    return [
        Field(
            "password",
            label,
            "password",
            autocomplete="new-password",
            rules=policy.rules(),
            problem=problems.get("password", ""),
        ),
        Field(
            "repeated",
            f"{label} again",
            "password",
            autocomplete="new-password",
            problem=problems.get("repeated", ""),
        ),
    ]


def password_problems(policy: PasswordPolicy, incoming: Incoming) -> dict[str, str]:
    """What is wrong with the new password and its repetition, by field."""
    password, repeated = incoming.form["password"], incoming.form["repeated"]
    broken = policy.broken(password)
    if not password:
        return {"password": "Enter a password."}
    if broken:
        return {"password": f"Still missing: {'; '.join(broken)}."}
    if password != repeated:
        return {"repeated": "The two passwords are not the same."}
    return {}
