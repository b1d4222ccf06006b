"""The part of a template that CloudFormation creates in the local AWS, and what it resolves.

Functions and related resources are left out, because the gateway runs functions from source;
references to them become the gateway's ARNs. Resources that the local AWS does not support (managed
login's branding) are left out too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.aws import REGION
from local.stand_ins import API, stand_in
from local.values import NO_VALUE, NOTHING, is_expression, key

ACCOUNT = "123456789012"

# Left out without a message: the gateway or the local pages replace them, or they have no visible
# effect here.
_NOT_MISSED = (
    "AWS::ApiGatewayV2::",
    "AWS::CertificateManager::",
    "AWS::CloudWatch::",
    "AWS::Cognito::",
    "AWS::IAM::",
    "AWS::Lambda::",
    "AWS::Logs::",
    "AWS::Route53::",
    "AWS::SecretsManager::",
    "AWS::Serverless::",
    "AWS::WAFv2::",
    "Custom::ClientCredentials",
    "Custom::Fingerprints",
)
_IN_SUB = re.compile(r"\$\{([^!}][^}]*)\}")
_KEPT = ("AWSTemplateFormatVersion", "Parameters", "Conditions", "Mappings", "Rules")


@dataclass(frozen=True)
class LocalPart:
    """``body`` is a template; ``outputs`` maps outputs to the keys of their expressions.

    ``left_out`` are logical ids; ``unresolved`` are keys of expressions that need one of them.
    """

    body: dict[str, Any]
    outputs: Mapping[str, str]
    left_out: tuple[str, ...]
    unresolved: frozenset[str]


def local_part(template: Mapping[str, Any], wanted: Iterable[Any]) -> LocalPart:
    """``wanted`` are the expressions to resolve."""
    declared: Mapping[str, Any] = template.get("Resources") or {}
    names = _Names(template)
    resources = names.created()
    body = {name: template[name] for name in _KEPT if name in template}
    outputs: dict[str, Any] = {}
    for name, output in (template.get("Outputs") or {}).items():
        if "Export" in output and names.resolves(output):
            outputs[name] = names.rewritten(output)
    keys: dict[str, str] = {}
    unresolved = set()
    for expression in {key(one): one for one in wanted}.values():
        if expression.get("Ref") in (template.get("Parameters") or {}):
            continue  # its value is given
        if names.resolves(expression):
            name = f"Value{len(keys)}"
            keys[name] = key(expression)
            outputs[name] = {"Value": nothing_written(names.rewritten(expression))}
        else:
            unresolved.add(key(expression))
    left_out = tuple(
        name
        for name, resource in declared.items()
        if name not in resources and not resource["Type"].startswith(_NOT_MISSED)
    )
    return LocalPart(
        {**body, "Resources": resources, "Outputs": outputs}, keys, left_out, frozenset(unresolved)
    )


def function_arn(name: str) -> str:
    """The ARN of a function in the local stack, also for other stacks."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class _Names:
    """Maps each name in the template to a resource, to fixed values, or to nothing."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._declared: Mapping[str, Any] = template.get("Resources") or {}
        self._known = {*(template.get("Parameters") or {})}
        self._kept = {name: stand_in(resource) for name, resource in self._declared.items()}
        if not any(self._kept.values()) or "ServerlessHttpApi" in {*_references(template)}:
            self._kept.setdefault("ServerlessHttpApi", API)  # SAM's own; a stack must not be empty

    def created(self) -> dict[str, Any]:
        """Resources without references to omitted ones, in the form that the local AWS accepts."""
        kept = {name: resource for name, resource in self._kept.items() if resource is not None}
        while True:
            self._kept = {**dict.fromkeys(self._declared), **kept}
            whole = {name: one for name, one in kept.items() if self.resolves(one)}
            if len(whole) == len(kept):
                break
            kept = whole
        return {name: self._without_dependencies(self.rewritten(one)) for name, one in kept.items()}

    def resolves(self, part: object) -> bool:
        return all(self._is_known(name) for name in _references(part))

    def rewritten(self, part: Any) -> Any:
        """Insert fixed values, and ``NOTHING`` for missing values in expressions."""
        if isinstance(part, list):
            return [self.rewritten(one) for one in part]
        if not isinstance(part, dict):
            return part
        if is_expression(part):
            ((function, argument),) = part.items()
            if function in ("Ref", "Fn::GetAtt"):
                name = ".".join(argument) if isinstance(argument, list) else argument
                literal = self._literal(name)
                if literal is not None and "${" in literal:
                    return {"Fn::Sub": literal}
                return part if literal is None else literal
            if function == "Fn::Sub":
                return {function: self._sub(argument)}
        return {name: self.rewritten(value) for name, value in part.items()}

    def _sub(self, argument: Any) -> Any:
        text, *variables = argument if isinstance(argument, list) else [argument]
        own = set(variables[0]) if variables else set()

        def replaced(found: re.Match[str]) -> str:
            literal = None if found[1] in own else self._literal(found[1])
            return found[0] if literal is None else literal

        written = _IN_SUB.sub(replaced, text)
        return [written, self.rewritten(variables[0])] if variables else written

    def _literal(self, name: str) -> str | None:
        """The value of a reference to a function or a role; None if CloudFormation resolves it.

        It may contain further references, as in Fn::Sub.
        """
        resource, _, attribute = name.partition(".")
        kind = self._declared.get(resource, {}).get("Type")
        if kind in ("AWS::Serverless::Function", "AWS::Lambda::Function"):
            values = {"": resource, "Arn": function_arn(resource)}
            return values.get(attribute, f"{function_arn(resource)}:$LATEST")
        if kind == "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{resource}" if attribute == "Arn" else resource
        if kind == "AWS::Cognito::UserPool" and attribute.startswith("Provider"):
            scheme = "https://" if attribute == "ProviderURL" else ""  # unknown to the local AWS
            return f"{scheme}cognito-idp.${{AWS::Region}}.amazonaws.com/${{{resource}}}"
        return None

    def _is_known(self, name: str) -> bool:
        resource = name.partition(".")[0]
        if name.startswith("AWS::") or resource in self._known:
            return True
        return self._kept.get(resource) is not None or self._literal(name) is not None

    def _without_dependencies(self, resource: dict[str, Any]) -> dict[str, Any]:
        on = resource.get("DependsOn") or []
        on = [name for name in ([on] if isinstance(on, str) else on) if self._kept.get(name)]
        rest = {name: value for name, value in resource.items() if name != "DependsOn"}
        return {**rest, "DependsOn": on} if on else rest


def _references(part: object) -> Iterable[str]:
    """Names in Ref, GetAtt and Sub, with the attribute if there is one.

    Without those in Fn::If, because their resources usually exist under the same condition.
    """
    if isinstance(part, list):
        for one in part:
            yield from _references(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "Ref" and isinstance(value, str):
                yield value
            elif name == "Fn::GetAtt":
                yield ".".join(value) if isinstance(value, list) else value
            elif name == "Fn::Sub":
                text, *variables = value if isinstance(value, list) else [value]
                own = variables[0] if variables else {}
                yield from (one for one in _IN_SUB.findall(text) if one not in own)
                yield from _references(own)
            elif name not in ("DependsOn", "Fn::If"):
                yield from _references(value)


def nothing_written(expression: Any) -> Any:
    """Replace ``AWS::NoValue``, because an output must have a value."""
    if expression == NO_VALUE:
        return NOTHING
    if isinstance(expression, list):
        return [nothing_written(one) for one in expression]
    if isinstance(expression, dict):
        return {name: nothing_written(value) for name, value in expression.items()}
    return expression
