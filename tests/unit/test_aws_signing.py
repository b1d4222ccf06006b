"""Signatures are equal to botocore's, whatever is signed."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from foyer.aws.credentials import AwsCredentials
from foyer.aws.signing import signed
from hypothesis import given
from hypothesis import strategies as st

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)
hosts = ("secretsmanager.eu-central-1.amazonaws.com", "localhost:4566", "[::1]:4566", "[::1]")


@given(
    body=st.binary(max_size=300),
    host=st.sampled_from(hosts),
    service=st.sampled_from(["secretsmanager", "dynamodb"]),
    region=st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[0-9]", fullmatch=True),
    keys=st.builds(AwsCredentials, printable, printable, st.just("") | printable),
    target=st.lists(printable, min_size=1, max_size=4).map("  ".join),
    now=st.integers(0, 4_000_000_000),
)
def test_signatures_are_botocores(
    *,
    body: bytes,
    host: str,
    service: str,
    region: str,
    keys: AwsCredentials,
    target: str,
    now: int,
) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
    to = {"host": host, "service": service, "region": region}
    ours = signed(headers, body, **to, credentials=keys, now=now + 0.9)
    theirs = AWSRequest("POST", f"http://{host}/", headers, body)
    moment = datetime.fromtimestamp(now, UTC)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        token = keys.session_token or None
        botocores = Credentials(keys.access_key_id, keys.secret_access_key, token)
        SigV4Auth(botocores, service, region).add_auth(theirs)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        assert ours.get(name) == theirs.headers.get(name)
