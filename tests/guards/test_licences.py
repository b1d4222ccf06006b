"""The licence of every package that the functions contain is allowed.

Offline, from the metadata of what is installed; the packages are those of requirements.txt.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("web", "rotation")

# Permissive licences: their text must be kept, and it is in the package's metadata.
ALLOWED = {"MIT", "MIT-0", "BSD-3-Clause", "Apache-2.0", "Apache License 2.0", "PSF-2.0"}

# Others, each with its reason.
EXCEPTIONS = {
    "certifi": ("MPL-2.0", "copyleft for its own files only, and those are shipped unchanged"),
    "segno": ("none", "BSD-3-Clause, as its LICENSE file says; the metadata has a classifier only"),
    "python-dateutil": ("Dual License", "Apache-2.0 or BSD-3-Clause, as its classifiers say"),
}


def shipped(function: str) -> set[str]:
    lines = (ROOT / f"functions/{function}/requirements.txt").read_text("utf-8").splitlines()
    return {found[1] for line in lines if (found := re.match(r"([A-Za-z0-9._-]+)==", line))}


def licence(package: str) -> str:
    """An SPDX expression where there is one (PEP 639), else what the package calls its licence."""
    told = metadata.metadata(package)
    return told["License-Expression"] or told["License"] or "none"


PACKAGES = sorted(set().union(*map(shipped, FUNCTIONS)))


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_has_a_licence_that_allows_shipping_it(package: str) -> None:
    alternatives = set(licence(package).split(" OR "))
    if package in EXCEPTIONS:
        expected, _reason = EXCEPTIONS[package]
        assert alternatives == {expected}
    else:
        assert alternatives <= ALLOWED


def test_no_exception_outlives_its_package() -> None:
    assert EXCEPTIONS.keys() <= set(PACKAGES)
