"""examples/deploy/confirm.py as a module: it is a script that users run, outside any package."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent.parent / "examples/deploy/confirm.py"
_SPEC: Any = spec_from_file_location("foyer_confirm", _FILE)

confirm: Any = module_from_spec(_SPEC)
sys.modules[_SPEC.name] = confirm  # dataclasses look themselves up there
_SPEC.loader.exec_module(confirm)
