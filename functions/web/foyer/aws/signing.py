"""AWS Signature Version 4 for the one kind of request that we send: POST / with a JSON body.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
The tests compare it with botocore's.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .credentials import AwsCredentials

_ALGORITHM = "AWS4-HMAC-SHA256"


def signed(
    headers: Mapping[str, str],
    body: bytes,
    *,
    host: str,
    service: str,
    region: str,
    credentials: AwsCredentials,
    now: float,
) -> dict[str, str]:
    """Return all headers to send, ``Authorization`` included; ``now`` is seconds since the epoch.

    Every one of ``headers`` is signed.
    """
    time_stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    to_send = {**headers, "Host": host, "X-Amz-Date": time_stamp}
    if credentials.session_token:
        to_send["X-Amz-Security-Token"] = credentials.session_token
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in to_send.items())
    names = ";".join(name for name, _ in canonical)
    lines = [f"{name}:{value}" for name, value in canonical]
    request = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    scope = f"{time_stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{_ALGORITHM}\n{time_stamp}\n{scope}\n{digest}"
    key = _signing_key(credentials.secret_access_key, scope)
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    to_send["Authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return to_send


@functools.lru_cache(maxsize=4)  # the same for all requests of a day to one service
def _signing_key(secret_access_key: str, scope: str) -> bytes:
    key = f"AWS4{secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
