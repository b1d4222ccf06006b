"""The codes of an authenticator app, and wrong codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time


def digits(secret: str, seconds_ago: int = 0) -> str:
    """The digits of that moment (RFC 6238: SHA-1, 30 s, six digits)."""
    key = base64.b32decode(secret.replace(" ", ""))
    mac = hmac.new(
        key, struct.pack(">Q", (int(time.time()) - seconds_ago) // 30), hashlib.sha1
    ).digest()
    (number,) = struct.unpack(">I", mac[mac[-1] & 15 :][:4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


def wrong(code: str) -> str:
    return code[::-1] if code != code[::-1] else f"{(int(code) + 1) % 1_000_000:06d}"
