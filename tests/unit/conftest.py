"""Property tests: a property holds however slow the machine is, so none has a time limit."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
