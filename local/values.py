"""Values in a template: literals, parameters, and expressions resolved by CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

NO_VALUE = {"Ref": "AWS::NoValue"}
# Represents AWS::NoValue in an output, which must have a value.
NOTHING = "--no value--"


class Values:
    """``resolved`` contains the results of expressions by ``key``; others are unknown."""

    def __init__(self, parameters: Mapping[str, object], resolved: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._resolved = resolved

    def text(self, value: object) -> str | None:
        """The value as CloudFormation converts it to a string; None if it is unknown."""
        if isinstance(value, dict) and set(value) == {"Ref"} and value["Ref"] in self._parameters:
            value = self._parameters[value["Ref"]]
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        found = self._resolved.get(key(value)) if isinstance(value, dict) else None
        return None if found == NOTHING else found

    def is_known(self, value: object) -> bool:
        """Whether ``text`` is the whole truth: a value, or that there is none."""
        return self.text(value) is not None or value == NO_VALUE or key(value) in self._resolved

    def texts(self, value: object) -> list[str]:
        """The known values of a list, or of a single value."""
        values = value if isinstance(value, list) else [value]
        return [text for one in values if (text := self.text(one)) is not None]

    def is_true(self, value: object, *, default: bool = False) -> bool:
        text = self.text(value)
        return default if text is None else text.lower() == "true"


def key(expression: object) -> str:
    return json.dumps(expression, sort_keys=True, default=str)


def is_expression(value: object) -> bool:
    """Whether it is an intrinsic function in its long form."""
    return (
        isinstance(value, dict)
        and len(value) == 1
        and all(name in ("Ref", "Condition") or name.startswith("Fn::") for name in value)
    )


def expressions(part: object) -> Iterator[dict[str, Any]]:
    """The outermost intrinsic functions in a part of a template."""
    if isinstance(part, dict):
        if is_expression(part):
            yield part
        else:
            for value in part.values():
                yield from expressions(value)
    elif isinstance(part, list):
        for value in part:
            yield from expressions(value)
