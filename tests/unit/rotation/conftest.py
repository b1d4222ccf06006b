"""A separate stack for each test: a secret, an app client, and the rotation function."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from io import StringIO

import pytest
from moto import mock_aws

from tests.fake_cognito import FakeCognito
from tests.rotating_secret import REGION, Rotating


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto, which makes credentials up, and Lambda's region."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def stack(aws: None) -> Iterator[Rotating]:  # noqa: ARG001 - moto has to run
    """What ``sam deploy`` leaves behind, before the first rotation."""
    with FakeCognito() as cognito:
        session_key, owner = secrets.token_urlsafe(48), {"team": "left as it is"}
        fields = {**cognito.credentials, "session_key": session_key, "owner": owner}
        yield Rotating(cognito, fields, StringIO())
