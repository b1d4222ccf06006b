"""The four steps of Secrets Manager's rotation. Each can be repeated safely.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ConfigurationError, NotStaged
from .versions import Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools import Logger
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from .client_secrets import ClientSecrets
    from .secret_value import SecretValue
    from .token_endpoint import TokenEndpoint


@dataclass(frozen=True)
class Rotation:
    """Rotates secrets; ``run`` handles one event, which is one step."""

    secrets_manager: SecretsManagerClient
    client_secrets: ClientSecrets
    token_endpoint: TokenEndpoint
    log: Logger

    def run(self, event: Mapping[str, object]) -> None:
        """Raise a RotationError if the step fails; Secrets Manager then tries again."""
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        name = _text(event, "Step")
        if name not in steps:
            raise NotStaged("The event's Step is unknown")
        versions = Versions(
            self.secrets_manager, _text(event, "SecretId"), _text(event, "ClientRequestToken")
        )
        if versions.is_finished():
            self.log.info("rotation finished before", step=name, version=versions.token)
            return
        outcome = steps[name](versions)
        self.log.info("rotation step done", step=name, outcome=outcome, version=versions.token)

    def _create(self, versions: Versions) -> str:
        if versions.pending() is not None:
            return "the new values were there already"
        current = versions.current()
        versions.put_pending(current.successor(self.client_secrets.listed(current.client_id)))
        return "new values written"

    def _set(self, versions: Versions) -> str:
        current, pending = versions.current(), _written(versions)
        _require_same_client(pending, current)
        if self.client_secrets.activate(pending, current=current):
            return "client secret added"
        return "the client secret was active already"

    def _test(self, versions: Versions) -> str:
        pending = _written(versions)
        self.token_endpoint.prove(pending.client_id, pending.client_secret)
        return "the token endpoint accepts the new client secret"

    def _finish(self, versions: Versions) -> str:
        # A deployment may have changed the client since the previous steps.
        _require_same_client(_written(versions), versions.current())
        versions.make_current()
        return "the new values are current"


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if not isinstance(value, str) or not value:
        raise NotStaged(f"The event has no {name}")
    return value


def _require_same_client(pending: SecretValue, current: SecretValue) -> None:
    if pending.client_id != current.client_id:
        raise ConfigurationError(
            "AWSPENDING is for another app client than AWSCURRENT. Take the label AWSPENDING "
            "off that version and rotate again"
        )


def _written(versions: Versions) -> SecretValue:
    pending = versions.pending()
    if pending is None:
        raise NotStaged("AWSPENDING has no value yet: createSecret must run first")
    return pending
