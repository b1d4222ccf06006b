"""The share of init that each module's import takes, measured with ``-X importtime``."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median

_RUNS = 7


def shares(
    python: str, module: str, environment: Mapping[str, str], folder: Path
) -> dict[str, dict[str, float]]:
    """Shares of the total, largest first: by package, and for the 40 most expensive modules.

    Medians of several runs. A module's share does not include what it imports.
    """
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for _ in range(_RUNS):
        for name, microseconds in _once(python, module, environment, folder).items():
            seen[name].append(microseconds)
    own = Counter({name: median(each) for name, each in seen.items()})
    packages: Counter[str] = Counter()
    for name, microseconds in own.items():
        packages[name.partition(".")[0]] += microseconds
    whole = sum(own.values())
    return {
        "packages": {name: round(n / whole, 4) for name, n in packages.most_common(20)},
        "modules": {name: round(n / whole, 4) for name, n in own.most_common(40)},
    }


def sentence(found: Mapping[str, Mapping[str, float]]) -> str:
    """The most expensive packages, in one line."""
    largest = [f"{name} {share:.0%}" for name, share in list(found["packages"].items())[:9]]
    return (
        f"Share of import time: {', '.join(largest)}. [speed.json](speed.json) has the figures "
        "of each module.\n"
    )


def _once(python: str, module: str, environment: Mapping[str, str], folder: Path) -> dict[str, int]:
    done = subprocess.run(
        [python, "-X", "importtime", "-c", f"import {module}"],
        env=dict(environment), cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = {}
    for line in done.stderr.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if own.strip().isdigit():
            found[rest.partition("|")[2].strip()] = int(own)
    return found
