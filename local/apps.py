"""What the gateway serves: Foyer's own template, and that of an app beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local.aws import REGION, LocalAws
from local.cloudformation import Deployed, deploy_template
from local.http_api import Function, HttpApi
from local.managed_login.triggers import RUN, not_run
from local.places import ROOT, Places
from local.stack import STACK_NAME, Stack
from local.template_file import TemplateError

_WEB = ROOT / "functions" / "web"


@dataclass(frozen=True)
class Apps:
    """``triggers`` are the user pool's: a function's name for each."""

    apis: tuple[HttpApi, ...]
    functions: Mapping[str, Function]
    triggers: Mapping[str, str]
    left_out: tuple[str, ...]


def deploy_app(aws: LocalAws, path: Path, parameters: Mapping[str, str]) -> Deployed:
    """The app's own stack, named for its folder; raises StackError or TemplateError."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", path.resolve().parent.name).strip("-")
    if name in ("", STACK_NAME) or not name[0].isalpha():
        name = f"app-{name}"
    return deploy_template(aws, name, path, parameters)


def assemble(
    foyer: Deployed, app: Deployed | None, *, with_unused: bool = False, runs_triggers: bool = True
) -> Apps:
    """Raises TemplateError when the two cannot be served side by side.

    ``with_unused`` adds Foyer's functions that no route needs, such as the guard's without an app.
    """
    deployed = [foyer] if app is None else [foyer, app]
    apis = [one.template.api() for one in deployed]
    if app is not None and not apis[1].mapping_key:
        raise TemplateError(
            "the app's template has no AWS::ApiGatewayV2::ApiMapping with an ApiMappingKey for its "
            "API, so its routes would take the place of Foyer's; add one, as in examples/notes"
        )
    triggers = foyer.template.triggers()
    needs = {name for api in apis for name in api.needs}
    needs |= {name for trigger, name in triggers.items() if trigger in RUN}
    if with_unused:
        template = foyer.template
        needs |= {name for name in template.functions if template.function(name).code == _WEB}
    functions: dict[str, Function] = {}
    for one in deployed:
        for name in needs & one.template.functions.keys():
            if name in functions:
                raise TemplateError(f"both templates have a function {name}; rename one of them")
            functions[name] = one.template.function(name)
    left_out = [thing for one in deployed for thing in one.left_out]
    missing = not_run(triggers) if runs_triggers else sorted(triggers)
    left_out += [f"{trigger} (trigger)" for trigger in missing]
    return Apps(tuple(apis), functions, triggers, tuple(dict.fromkeys(left_out)))


def with_environments(
    functions: Mapping[str, Function], places: Places, aws: LocalAws, stack: Stack, host: str
) -> dict[str, Function]:
    """Each with the variables that it has here; ``host`` is this machine as functions see it.

    Foyer's own are given the configuration contract, all others the local AWS alone.
    """
    endpoint = f"http://{host}:{places.aws_port}"
    common = {**aws.credentials(), "AWS_REGION": REGION, "AWS_ENDPOINT_URL": endpoint}
    contract = {
        "SECRET_ID": stack.secret_name,
        "APP_URL": places.app,
        "COGNITO_DOMAIN_URL": places.login,
        "COGNITO_BACKCHANNEL_URL": f"http://{host}:{places.login_port}",
        "COGNITO_ISSUER": issuer(stack),
        "COGNITO_JWKS_URL": f"{endpoint}/{stack.user_pool_id}/.well-known/jwks.json",
    }
    return {
        name: replace(
            function,
            variables={
                **function.variables,
                **common,
                **(contract if function.code == _WEB else {}),
            },
        )
        for name, function in functions.items()
    }


def jwks_urls(stack: Stack, aws: LocalAws) -> dict[str, str]:
    """Where the keys of the local pool are; its issuer names AWS."""
    return {issuer(stack): f"{aws.endpoint}/{stack.user_pool_id}/.well-known/jwks.json"}


def issuer(stack: Stack) -> str:
    return f"https://cognito-idp.{REGION}.amazonaws.com/{stack.user_pool_id}"
