"""What a cold start and a request may cost, in things that can be counted; timings are in bench/.

A figure above its budget is a decision: raise the budget here, with the reason, or keep it out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Every package beside Python's own that is loaded before the first event.
PACKAGES = {
    "_cffi_backend", "aws_lambda_powertools", "botocore", "certifi", "charset_normalizer",
    "cryptography", "dateutil", "foyer", "idna", "jmespath", "markupsafe", "requests", "six",
    "typing_extensions", "urllib3",
}  # fmt: skip
# Loaded where they happen to be installed: requests prefers it to json, and AWS's runtime has it.
IF_THERE = {"simplejson"}
# What compiled modules put beside themselves, by version, and Python's own build settings.
PARTS_OF = ("_cython_", "_openssl", "_sysconfigdata_", "cython_runtime")

# botocore's client and all it needs; Powertools' router and tracer; template engines; PyJWT.
FAR_TOO_DEAR = {
    "asyncio", "aws_lambda_powertools.event_handler", "aws_xray_sdk", "boto3",
    "botocore.client", "botocore.loaders", "botocore.session", "jinja2", "jwt", "s3transfer",
}  # fmt: skip

MODULES = 520  # some 490 were seen

_COUNT = """
import json, sys
before = set(sys.modules)
import foyer.app
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _COUNT],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "functions/web"),
            # Nothing is read ahead, so that no test's secret is needed.
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
            "AWS_REGION": "eu-central-1",
            "COGNITO_DOMAIN_URL": "https://login.example.com",
            "COGNITO_ISSUER": "https://issuer.example.com/pool",
            "SECRET_ID": "foyer/test",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


def test_init_loads_these_packages_and_no_other(loaded: set[str]) -> None:
    top = {name.partition(".")[0] for name in loaded if not name.startswith(PARTS_OF)}
    assert top - set(sys.stdlib_module_names) - IF_THERE == PACKAGES


def test_init_loads_nothing_far_too_dear(loaded: set[str]) -> None:
    assert not loaded & FAR_TOO_DEAR


def test_init_loads_no_more_modules_than_budgeted(loaded: set[str]) -> None:
    assert len(loaded) <= MODULES
