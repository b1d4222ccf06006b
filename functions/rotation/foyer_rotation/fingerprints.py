"""The custom resource LongSettings: fingerprints of parameters that are too long for a description.

docs/decisions/published-versions.md says why there are any.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE = "Custom::Fingerprints"

_CHARACTERS = 12
_NOT_OURS = ("ServiceToken", "ServiceTimeout")


def fingerprints(properties: Mapping[str, object]) -> dict[str, str]:
    """For each property of the resource, a short text that changes when the property does."""
    return {
        name: hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_CHARACTERS]
        for name, value in properties.items()
        if name not in _NOT_OURS
    }
