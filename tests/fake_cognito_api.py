"""FakeCognito's JSON API: what users do with their access token, and the client's secrets.

    cognito.api.refusals["ChangePassword"] = "LimitExceededException"
    assert cognito.api.calls == ["GetUser", "ChangePassword"]

Requests and answers are checked against botocore's model of the API.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator
from moto.core.models import botocore_stubber

from tests.authenticator import digits
from tests.fake_tokens import Json
from tests.wire_faults import LOST, Reply
from tests.wire_server import Arrived

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from tests.fake_cognito import FakeCognito, User

SCOPE = "aws.cognito.signin.user.admin"
PASSWORD = "Analytical-1843"
_TYPE = "application/x-amz-json-1.1"


@cache
def model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("cognito-idp")


class Refusal(Exception):
    """An error of the API, by its name; the message may say more than an app should pass on."""

    def __init__(self, code: str, message: str = "Value 'what-was-sent' is quoted here") -> None:
        super().__init__(code)
        self.code, self.message = code, message


class FakeCognitoApi:
    """One app client, whose secrets are ``active`` by id, and the user at the keyboard."""

    def __init__(self, cognito: FakeCognito) -> None:
        self._cognito = cognito
        self.user_pool_id = cognito.issuer.rpartition("/")[2]
        self.active: dict[str, str] = {}  # the oldest first
        self.password = PASSWORD
        self.mfa = "OPTIONAL"  # the pool's: OFF, OPTIONAL or ON
        self.secret: str | None = None
        self.pending_secret: str | None = None
        self.has_authenticator = False
        self.is_deleted = False
        self.calls: list[str] = []
        self.refusals: dict[str, Refusal | str] = {}
        self.answers: dict[str, Json] = {}  # members put over those of an honest one
        # Error codes of the next calls. Two happen after the call was carried out: ``answer lost``,
        # and ``done meanwhile``, because another process has done the same before.
        self.failures: defaultdict[str, list[str]] = defaultdict(list)
        self._created = 1_767_225_600

    # What a test does

    def add(self, client_secret: str) -> str:
        """Adds a client secret, like the console; returns its id."""
        if len(self.active) == 2:
            raise Refusal("LimitExceededException")
        self._created += 30 * 24 * 3600
        new_id = f"{self._cognito.client_id}--{self._created}"
        self.active[new_id] = client_secret
        return new_id

    def connect(self) -> CognitoIdentityProviderClient:
        client: Any = boto3.client(
            "cognito-idp",
            region_name="eu-central-1",
            endpoint_url=self._cognito.user_api_url,
            aws_access_key_id="made-up",
            aws_secret_access_key="made-up",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        # moto answers every client of the process and does not know the calls for secrets.
        client.meta.events.unregister("before-send", botocore_stubber)
        connected: CognitoIdentityProviderClient = client
        return connected

    # The wire

    def answer(self, arrived: Arrived) -> Reply:
        assert arrived.headers["Content-Type"] == _TYPE
        name, sent = arrived.headers["X-Amz-Target"].partition(".")[2], json.loads(arrived.body)
        assert ("AccessToken" in sent) != ("Authorization" in arrived.headers), "one of them"
        operation = model().operation_model(name)
        self.calls.append(name)
        failure = self.failures[name].pop(0) if self.failures[name] else None
        try:
            if failure not in {None, "answer lost", "done meanwhile"}:
                raise Refusal(str(failure))
            _check(operation, sent)
            answer = self._carry_out(name, sent)
            if failure == "done meanwhile":
                raise Refusal("ResourceNotFoundException")
        except Refusal as refusal:
            error = {"__type": refusal.code, "message": refusal.message}
            return Reply(400, json.dumps(error).encode(), {"Content-Type": _TYPE})
        body = b""  # what has no output shape is answered with nothing at all
        if operation.output_shape is not None:
            report = ParamValidator().validate(answer, operation.output_shape)
            assert not report.has_errors(), report.generate_report()
            body = json.dumps(answer | self.answers.get(name, {})).encode()
        return LOST if failure else Reply(200, body, {"Content-Type": _TYPE})

    def _carry_out(self, operation: str, sent: Json) -> Json:
        planned = self.refusals.get(operation)
        if planned is not None:
            raise planned if isinstance(planned, Refusal) else Refusal(planned)
        ours = (self.user_pool_id, self._cognito.client_id)
        if "AccessToken" not in sent and (sent["UserPoolId"], sent["ClientId"]) != ours:
            raise Refusal("ResourceNotFoundException")
        answer: Json = getattr(self, f"_{xform_name(operation)}")(sent)
        return answer

    # Client secrets

    def _list_user_pool_client_secrets(self, _: Json) -> Json:
        # The order is not documented; newest first is the harder case.
        return {"ClientSecrets": [_descriptor(each) for each in reversed(self.active)]}

    def _add_user_pool_client_secret(self, sent: Json) -> Json:
        # A value given by the caller is not returned.
        return {"ClientSecretDescriptor": _descriptor(self.add(sent["ClientSecret"]))}

    def _delete_user_pool_client_secret(self, sent: Json) -> Json:
        if sent["ClientSecretId"] not in self.active:
            raise Refusal("ResourceNotFoundException")
        if len(self.active) == 1:
            raise Refusal("InvalidParameterException", "the last secret")
        del self.active[sent["ClientSecretId"]]
        return {}

    # The user

    def _user(self, sent: Json) -> User:
        grant = self._cognito.grant_of(sent["AccessToken"])
        if grant is None:
            raise Refusal("NotAuthorizedException", "Access Token has been revoked")
        if SCOPE not in grant.scopes:
            raise Refusal("NotAuthorizedException", "Access Token does not have required scopes")
        return grant.user

    def _get_user(self, sent: Json) -> Json:
        user = self._user(sent)
        listed = [{"Name": name, "Value": value} for name, value in user.attributes().items()]
        more = {"UserMFASettingList": ["SOFTWARE_TOKEN_MFA"]} if self.has_authenticator else {}
        return {"Username": user.username, "UserAttributes": listed, **more}

    def _update_user_attributes(self, sent: Json) -> Json:
        (attribute,) = sent["UserAttributes"]
        assert attribute["Name"] == "name", "the app client may write no other"
        self._user(sent).name = attribute["Value"]
        return {"CodeDeliveryDetailsList": []}

    def _change_password(self, sent: Json) -> Json:
        self._user(sent)
        if sent["PreviousPassword"] != self.password:
            raise Refusal("NotAuthorizedException", "Incorrect username or password.")
        self.password = sent["ProposedPassword"]
        return {}

    def _associate_software_token(self, sent: Json) -> Json:
        self._user(sent)
        if self.mfa == "OFF":
            raise Refusal("SoftwareTokenMFANotFoundException", "Software Token MFA is off")
        self.pending_secret = base64.b32encode(secrets.token_bytes(20)).decode()
        return {"SecretCode": self.pending_secret}

    def _verify_software_token(self, sent: Json) -> Json:
        self._user(sent)
        secret = self.pending_secret
        # Half a minute may end between a code and its check.
        if secret is None or sent["UserCode"] not in (digits(secret), digits(secret, 30)):
            raise Refusal("EnableSoftwareTokenMFAException", "Code mismatch")
        self.secret, self.pending_secret = self.pending_secret, None
        return {"Status": "SUCCESS"}

    def _set_user_mfa_preference(self, sent: Json) -> Json:
        self._user(sent)
        is_on = sent["SoftwareTokenMfaSettings"]["Enabled"]
        if not is_on and self.mfa == "ON":
            raise Refusal("InvalidParameterException", "MFA is required")
        self.has_authenticator = is_on
        return {}

    def _global_sign_out(self, sent: Json) -> Json:
        self._user(sent)
        self._cognito.sign_out_everywhere()
        return {}

    def _delete_user(self, sent: Json) -> Json:
        self._user(sent).enabled = False
        self.is_deleted = True
        return {}


def _descriptor(client_secret_id: str) -> Json:
    created = int(client_secret_id.rpartition("--")[2])
    return {"ClientSecretId": client_secret_id, "ClientSecretCreateDate": created}


def _check(operation: OperationModel, sent: Json) -> None:
    """As the service does, which knows patterns and lengths too."""
    assert operation.input_shape is not None
    report = ParamValidator().validate(sent, operation.input_shape)
    assert not report.has_errors(), report.generate_report()
    for name, value in sent.items():
        metadata = operation.input_shape.members[name].metadata
        # Cognito's \w is that of Java: ASCII.
        pattern = re.compile(metadata.get("pattern", ".*"), re.ASCII | re.DOTALL)
        if isinstance(value, str) and not (
            pattern.fullmatch(value)
            and metadata.get("min", 0) <= len(value) <= metadata.get("max", len(value))
        ):
            raise Refusal("InvalidParameterException", f"Value '{value}' at '{name}'")
