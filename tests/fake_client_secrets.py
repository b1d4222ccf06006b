"""A fake of Cognito's three calls for client secrets, checked against botocore's model.

A real boto3 client serialises, checks and parses; only the wire is replaced. What arrives is
checked once more against the patterns and lengths of the model, which botocore leaves to the
service, and what is answered against the model's output shapes and errors.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.model import OperationModel, StructureShape
from botocore.validate import ParamValidator
from moto.core.models import botocore_stubber
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

# What IAM and the front door answer to any call; not in the operations' own lists.
_COMMON_ERRORS = {"AccessDeniedException", "ThrottlingException"}


class Rejected(Exception):
    """Answered as an AWS error."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message


class FakeClientSecrets:
    """One app client; ``active`` maps ids to values, the oldest first."""

    def __init__(self, user_pool_id: str, client_id: str, client_secret: str) -> None:
        self.user_pool_id = user_pool_id
        self.client_id = client_id
        self.active: dict[str, str] = {}
        self.changed: Callable[[], None] = lambda: None
        self.calls: list[str] = []
        self._created: dict[str, datetime] = {}
        self._now = datetime(2026, 1, 1, tzinfo=UTC)
        self._failures: defaultdict[str, list[str]] = defaultdict(list)
        self.boto3_client = self._connect()
        self.add(client_secret)

    def add(self, client_secret: str) -> str:
        """Adds a secret manually, like the console; returns the id."""
        if len(self.active) == 2:
            raise Rejected("LimitExceededException")
        self._now += timedelta(days=30)
        new_id = f"{self.client_id}--{int(self._now.timestamp())}"
        self.active[new_id], self._created[new_id] = client_secret, self._now
        self.changed()
        return new_id

    def delete(self, client_secret_id: str) -> None:
        """Deletes a secret manually."""
        if client_secret_id not in self.active:
            raise Rejected("ResourceNotFoundException")
        if len(self.active) == 1:
            raise Rejected("InvalidParameterException", "the last secret")
        del self.active[client_secret_id]
        self.changed()

    def fail_next(self, operation: str, code: str) -> None:
        """The next call fails with this error code.

        ``answer lost`` and ``done meanwhile`` happen after the call was carried out: the
        response is lost, or another process has done the same before.
        """
        self._failures[operation].append(code)

    def _connect(self) -> CognitoIdentityProviderClient:
        client: Any = boto3.client(
            "cognito-idp",
            region_name="eu-central-1",
            aws_access_key_id="made-up",
            aws_secret_access_key="made-up",
            config=Config(retries={"total_max_attempts": 1}),
        )
        # moto answers every client of the process and does not know these calls.
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register("before-send.cognito-identity-provider", self._answer)
        self._model = client.meta.service_model
        connected: CognitoIdentityProviderClient = client
        return connected

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
        self.calls.append(name)
        operation = self._model.operation_model(name)
        failure = self._failures[name].pop(0) if self._failures[name] else None
        try:
            if failure not in {None, "answer lost", "done meanwhile"}:
                raise Rejected(str(failure), "Value 'what-was-sent' is quoted here")
            answer = self._carry_out(operation, json.loads(bytes(request.body)))
            if failure == "done meanwhile":
                raise Rejected("ResourceNotFoundException")
        except Rejected as rejected:
            return _error(operation, rejected)
        if failure == "answer lost":
            raise ReadTimeoutError(endpoint_url=request.url)
        assert operation.output_shape is not None
        report = ParamValidator().validate(answer, operation.output_shape)
        assert not report.has_errors(), report.generate_report()
        return _reply(200, answer)

    def _carry_out(self, operation: OperationModel, sent: dict[str, Any]) -> dict[str, Any]:
        assert operation.input_shape is not None
        _check(sent, operation.input_shape)
        if (sent["UserPoolId"], sent["ClientId"]) != (self.user_pool_id, self.client_id):
            raise Rejected("ResourceNotFoundException")
        if operation.name == "ListUserPoolClientSecrets":
            # The order is not documented; newest first is the harder case.
            return {"ClientSecrets": [self._descriptor(each) for each in reversed(self.active)]}
        if operation.name == "AddUserPoolClientSecret":
            # A value given by the caller is not returned.
            return {"ClientSecretDescriptor": self._descriptor(self.add(sent["ClientSecret"]))}
        assert operation.name == "DeleteUserPoolClientSecret", operation.name
        self.delete(sent["ClientSecretId"])
        return {}

    def _descriptor(self, client_secret_id: str) -> dict[str, Any]:
        created = self._created[client_secret_id]
        return {"ClientSecretId": client_secret_id, "ClientSecretCreateDate": created}


def _check(sent: dict[str, Any], shape: StructureShape) -> None:
    for name, value in sent.items():
        metadata = shape.members[name].metadata
        # Cognito's \w is that of Java: ASCII.
        in_pattern = re.fullmatch(metadata.get("pattern", ".*"), value, re.ASCII | re.DOTALL)
        if not in_pattern or not metadata.get("min", 0) <= len(value) <= metadata["max"]:
            raise Rejected("InvalidParameterException", f"Value '{value}' at '{name}'")


def _error(operation: OperationModel, rejected: Rejected) -> AWSResponse:
    modelled = {shape.name for shape in operation.error_shapes}
    assert rejected.code in modelled | _COMMON_ERRORS, rejected.code
    return _reply(400, {"__type": rejected.code, "message": rejected.message})


def _reply(status: int, body: dict[str, Any]) -> AWSResponse:
    text = json.dumps(body, default=lambda date: date.timestamp()).encode()
    raw = HTTPResponse(body=BytesIO(text), status=status, preload_content=False)
    return AWSResponse("https://cognito-idp.example/", status, HTTPHeaders(), raw)
