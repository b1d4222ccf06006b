"""The licence of every package that the functions contain is allowed.

Offline, from the metadata of what is installed; the packages are those of requirements.txt.
"""

from __future__ import annotations

import re
from importlib import metadata

from tests.documents import read

# Permissive licences: their text must be kept, and it is in the package's metadata.
ALLOWED = {"MIT", "MIT-0", "BSD-3-Clause", "Apache-2.0", "Apache License 2.0", "PSF-2.0"}

# Others, each with its reason.
EXCEPTIONS = {
    "certifi": ("MPL-2.0", "copyleft for its own files only, and those are shipped unchanged"),
    "segno": ("none", "BSD-3-Clause, as its LICENSE file says; the metadata has a classifier only"),
    "python-dateutil": ("Dual License", "Apache-2.0 or BSD-3-Clause, as its classifiers say"),
}


def test_each_package_has_a_licence_that_allows_shipping_it() -> None:
    locked = "".join(read(f"functions/{name}/requirements.txt") for name in ("web", "rotation"))
    packages = set(re.findall(r"^([A-Za-z0-9._-]+)==", locked, re.M))
    assert EXCEPTIONS.keys() <= packages, "no exception outlives its package"
    for package in packages:
        told = metadata.metadata(package)
        # An SPDX expression where there is one (PEP 639), else what the package calls its licence.
        licence = told["License-Expression"] or told["License"] or "none"
        allowed = {EXCEPTIONS[package][0]} if package in EXCEPTIONS else ALLOWED
        assert set(licence.split(" OR ")) <= allowed, package
