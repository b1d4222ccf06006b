"""AWS clients with short timeouts, and their errors without AWS's message."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .errors import CallFailed, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds. With three attempts, the calls of one step take much less than the function's 120 s.
CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3}
)

_NOT_ALLOWED = {"AccessDenied", "AccessDeniedException"}


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def reporting_codes_only() -> Iterator[None]:
    """Turn botocore's errors into CallFailed.

    AWS's message may contain a rejected parameter, which may be the client secret. ``from None``
    keeps it out of the traceback that Lambda logs.
    """
    try:
        yield
    except ClientError as error:
        kind = NotAllowed if code_of(error) in _NOT_ALLOWED else CallFailed
        raise kind(f"{error.operation_name} failed: {code_of(error)}") from None
    except BotoCoreError as error:
        raise CallFailed(f"AWS did not answer: {type(error).__name__}") from None
