"""AWS clients that give up in time, and their failures without their words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .errors import CallFailed, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds. With three attempts, the calls of one step end well within the function's two minutes.
CLIENT_CONFIG = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 3}
)

_NOT_ALLOWED = {"AccessDenied", "AccessDeniedException"}


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


@contextmanager
def reporting_codes_only() -> Iterator[None]:
    """Turn what botocore raises into CallFailed.

    AWS's text may quote the parameter that it didn't like, and the parameter may be the client
    secret; ``from None`` keeps the traceback that Lambda logs from showing it.
    """
    try:
        yield
    except ClientError as error:
        kind = NotAllowed if code_of(error) in _NOT_ALLOWED else CallFailed
        raise kind(f"{error.operation_name} failed: {code_of(error)}") from None
    except BotoCoreError as error:
        raise CallFailed(f"AWS could not be asked: {type(error).__name__}") from None
