"""JSON from outside, read so that two readers cannot understand it differently (RFC 8259 §4)."""

from __future__ import annotations

import json
import math
from typing import Any


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object that ``data`` (UTF-8) is, or raise ValueError.

    Members that appear twice are refused, and so are infinities, NaN and lone surrogates,
    none of which could be encoded again.
    """
    text = data.decode()
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:  # half a surrogate pair passes UTF-8 only as an escape
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("a member appears twice")
    return value


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError("no finite number")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_each_once, parse_float=_finite, parse_constant=_finite
)
