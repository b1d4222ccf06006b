"""The user pool's Lambda triggers that the local pages run.

docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws import REGION
from local.managed_login.errors import Rejected

# Runs a function by name with an event; raises TriggerFailed with the error's message.
Call = Callable[[str, dict[str, Any]], Any]

# The name in the pool's LambdaConfig, and the version of the event. A later one has priority.
_VERSIONS = {
    "PreTokenGeneration": "1",
    "PreTokenGenerationConfig:V1_0": "1",
    "PreTokenGenerationConfig:V2_0": "2",
    "PreTokenGenerationConfig:V3_0": "3",
}
RUN = (
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "CustomMessage",
    *_VERSIONS,
)


# What Cognito says, in English only, about a response that it cannot use.
UNREADABLE = "Unrecognizable lambda output"


class TriggerFailed(Exception):
    """The function raised; the message is the one of its error."""


class TriggerRefused(Rejected):
    """A trigger refused; ``message`` is what Cognito's own pages show then."""

    def __init__(self, message: str) -> None:
        super().__init__("UserLambdaValidationException")
        self.message = message


@dataclass(frozen=True)
class Triggers:
    """``functions`` names the function of each trigger."""

    functions: Mapping[str, str] = field(default_factory=dict)
    call: Call | None = None

    def key(self, source: str) -> str | None:
        """The trigger's name in ``functions``, or None if it has no function.

        ``source`` is the event's, such as PreSignUp_SignUp.
        """
        name = source.partition("_")[0]
        names = [*_VERSIONS] if name == "TokenGeneration" else [name]
        return next((one for one in reversed(names) if one in self.functions), None)

    def version(self, source: str) -> str:
        """The version of the event."""
        return _VERSIONS.get(self.key(source) or "", "1")

    def run(
        self,
        source: str,
        *,
        user_pool_id: str,
        client_id: str,
        username: str,
        attributes: Mapping[str, str],
        response: Mapping[str, Any] | None = None,
        **request: Any,
    ) -> Mapping[str, Any]:
        """Returns the event's response; raises TriggerRefused.

        ``response`` is what the function finds there.
        """
        key = self.key(source)
        given = dict(response or {})
        if key is None or self.call is None:
            return given
        function, trigger = self.functions[key], key.partition(":")[0].removesuffix("Config")
        event = {
            "version": self.version(source),
            "region": REGION,
            "userPoolId": user_pool_id,
            "userName": username,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "triggerSource": source,
            "request": {"userAttributes": dict(attributes), **request},
            "response": given,
        }
        try:
            returned = self.call(function, event)
        except TriggerFailed as failure:
            raise TriggerRefused(f"{trigger} failed with error {failure}.") from failure
        answered = returned.get("response") if isinstance(returned, dict) else None
        if not isinstance(answered, dict):
            raise TriggerRefused(f"{trigger} returned no event.")
        return answered


def not_run(functions: Mapping[str, str]) -> list[str]:
    """For the terminal: triggers of the pool that nothing here runs."""
    return sorted(name for name in functions if name not in RUN)
