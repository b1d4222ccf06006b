"""examples/deploy/confirm.py as a module: it is a script that users run, outside any package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "examples/deploy/confirm.py"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("foyer_confirm", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


confirm = _load()
