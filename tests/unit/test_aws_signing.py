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
words = st.lists(printable, min_size=1, max_size=4).map("  ".join)


@given(
    body=st.binary(max_size=300),
    host=st.sampled_from(
        ["secretsmanager.eu-central-1.amazonaws.com", "localhost:4566", "[::1]:4566", "[::1]"]
    ),
    scope=st.tuples(
        st.sampled_from(["secretsmanager", "dynamodb"]),
        st.from_regex(r"[a-z]{2}-[a-z]{4,9}-[0-9]", fullmatch=True),
    ),
    credentials=st.builds(
        AwsCredentials,
        access_key_id=st.from_regex(r"[A-Z0-9]{16,20}", fullmatch=True),
        secret_access_key=printable,
        session_token=st.just("") | printable,
    ),
    target=words,
    now=st.integers(0, 4_000_000_000),
)
def test_signatures_are_botocores(
    *,
    body: bytes,
    host: str,
    scope: tuple[str, str],
    credentials: AwsCredentials,
    target: str,
    now: int,
) -> None:
    service, region = scope
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target}
    ours = signed(
        headers,
        body,
        host=host,
        service=service,
        region=region,
        credentials=credentials,
        now=now + 0.9,
    )
    theirs = AWSRequest("POST", f"http://{host}/", headers, body)
    moment = datetime.fromtimestamp(now, UTC)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        keys = Credentials(
            credentials.access_key_id,
            credentials.secret_access_key,
            credentials.session_token or None,
        )
        SigV4Auth(keys, service, region).add_auth(theirs)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
        assert ours.get(name) == theirs.headers.get(name)
