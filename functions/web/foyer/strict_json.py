"""JSON from outside, read so that two readers cannot understand it differently (RFC 8259 §4)."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object that ``data`` (UTF-8) is, or raise ValueError.

    Members that appear twice are refused, and so are infinities and NaN, which could not be encoded
    again. Neither could half a surrogate pair, which people's names have when something cut an
    emoji in two: it becomes U+FFFD.
    """
    text = data.decode()
    try:
        value = _DECODER.decode(text)
        if "\\u" in text:  # half a surrogate pair passes UTF-8 only as an escape
            again = json.dumps(value, ensure_ascii=False)
            if _LONE_SURROGATE.search(again):
                value = _DECODER.decode(_LONE_SURROGATE.sub("\ufffd", again))
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
