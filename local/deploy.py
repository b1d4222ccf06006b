"""What `make deploy` does: builds for the processor that will be deployed, then deploys.

    make deploy  # the defaults, and one question: the change set
    make deploy ARGS="Mfa=on BrandName='My Shop'"  # parameters of template.yaml
    make deploy ARGS="--config-env prod"  # an environment of samconfig.toml

`sam build` does not read the parameters that `sam deploy` saved, and a package for another
processor fails on every request. So both get the same: what samconfig.toml has, and what is given
here. A processor that neither names is the one that the stack runs on now.

Runs in the SAM CLI's own environment.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

SAM = Path(sys.executable).parent / "sam"
# Options of `sam deploy`: which stack it is about, and those that take several name=value.
_TARGET = ("stack_name", "region", "profile")
_LISTS = ("tags", "metadata")


def main() -> int:
    options, words = _parser().parse_known_args()
    given = dict(word.split("=", 1) for word in words if _is_parameter(word))
    others = [word for word in words if not _is_parameter(word)]
    target = {name: value for name in _TARGET if (value := getattr(options, name))}
    lists = {name: values for name in _LISTS if (values := getattr(options, name))}
    configured = _configured(options.config_env) | target
    overrides = _parsed(configured.get("parameter_overrides", []))
    overrides |= _parsed(options.parameter_overrides) | given
    _require_known(overrides)
    architecture = overrides.get("Architecture") or _deployed_architecture(configured)
    parameters = [
        f'ParameterKey={name},ParameterValue="{value}"' for name, value in overrides.items()
    ]
    environment = ["--config-env", options.config_env]
    built = _sam("build", *environment, "--parameter-overrides", f"Architecture={architecture}")
    if built != 0:
        return built
    for name, value in target.items():
        others += [_option(name), value]
    for name, values in lists.items():
        others += [_option(name), *values]
    overriding = ["--parameter-overrides", *parameters] if parameters else []
    return _sam("deploy", *environment, *others, *overriding)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make deploy", allow_abbrev=False)
    parser.add_argument("--config-env", default="default", help="an environment of samconfig.toml")
    parser.add_argument("--parameter-overrides", nargs="*", default=[], help="as for sam deploy")
    for name in _TARGET:
        parser.add_argument(_option(name), help="as for sam deploy")
    for name in _LISTS:
        parser.add_argument(_option(name), nargs="+", help="as for sam deploy; name=value, last")
    return parser


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _is_parameter(word: str) -> bool:
    return "=" in word and not word.startswith("-")


def _require_known(overrides: dict[str, str]) -> None:
    """`sam deploy` ignores a name that the template does not have, such as a misspelt one."""
    parse = importlib.import_module("samcli.yamlhelper").yaml_parse
    parameters = parse(Path("template.yaml").read_text("utf-8"))["Parameters"]
    unknown = sorted(overrides.keys() - parameters.keys())
    if unknown:
        raise SystemExit(
            f"template.yaml has no parameter {', '.join(unknown)}; docs/settings.md lists them."
        )


def _configured(config_env: str) -> dict[str, Any]:
    """What samconfig.toml sets for `sam deploy`."""
    try:
        environment = tomllib.loads(Path("samconfig.toml").read_text("utf-8"))[config_env]
    except KeyError:
        raise SystemExit(
            f"samconfig.toml has no environment {config_env}; add [{config_env}.deploy.parameters]."
        ) from None
    everywhere, deploy = (
        environment.get(command, {}).get("parameters", {}) for command in ("global", "deploy")
    )
    return dict(everywhere | deploy)


def _parsed(overrides: str | list[str]) -> dict[str, str]:
    """In whichever of its forms the SAM CLI wrote them."""
    types = importlib.import_module("samcli.cli.types")  # in the SAM CLI's environment only

    words = [overrides] if isinstance(overrides, str) else overrides
    return dict(types.CfnParameterOverridesType().convert(tuple(words), None, None))


def _deployed_architecture(configured: dict[str, Any]) -> str:
    """What the stack has now; the template's default where there is no stack, or no account."""
    import boto3  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        session = boto3.Session(
            region_name=configured.get("region"), profile_name=configured.get("profile")
        )
        client = session.client("cloudformation")
        (stack,) = client.describe_stacks(StackName=configured["stack_name"])["Stacks"]
    except (BotoCoreError, ClientError):
        return "x86_64"
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])
    }
    return str(parameters.get("Architecture", "x86_64"))


def _sam(*arguments: str) -> int:
    return subprocess.run([SAM, *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
