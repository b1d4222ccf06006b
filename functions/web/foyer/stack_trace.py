"""What the log says about an unexpected error: names and places, no values.

An exception's message can quote what a visitor sent.
"""

from __future__ import annotations

import traceback


def name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def stack(error: BaseException) -> list[str]:
    """Where it happened, innermost last, causes first."""
    cause = error.__cause__ or error.__context__
    before = [*stack(cause), f"then {name(error)}"] if cause else [name(error)]
    frames = traceback.extract_tb(error.__traceback__)
    return before + [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
