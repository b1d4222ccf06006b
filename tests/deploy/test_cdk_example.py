"""examples/cdk, synthesized: its template asks Foyer's guard as a SAM template does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.browser.conftest import NO_NODE
from tests.documents import ROOT


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """By logical id. The CDK is installed once, into a folder that git ignores."""
    if shutil.which("node") is None:
        pytest.skip(NO_NODE)
    uv = shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    output = tmp_path_factory.mktemp("cdk")
    # With bytecode, which its modules need two seconds to compile.
    left_out = {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | {
        "UV_PROJECT_ENVIRONMENT": str(ROOT / ".local/environments/examples-cdk"),
        "CDK_OUTDIR": str(output),
        "CDK_VALIDATION": "false",  # prints warnings only, after four seconds
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    done = subprocess.run(  # noqa: S603 - fixed words
        [uv, "run", "--quiet", "--locked", "--python", sys.executable, "app.py"],
        cwd=ROOT / "examples/cdk",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads((output / "orders.template.json").read_text())["Resources"])


def only(resources: dict[str, Any], kind: str) -> tuple[str, dict[str, Any]]:
    ((name, found),) = [(n, each) for n, each in resources.items() if each["Type"] == kind]
    return name, found["Properties"]


def sub(value: dict[str, Any]) -> str:
    """The text of an Fn::Join, with ``<Name>`` for references and imports."""
    separator, parts = value["Fn::Join"]
    assert separator == ""
    return "".join(p if isinstance(p, str) else f"<{next(iter(p.values()))}>" for p in parts)


def test_every_route_asks_foyers_guard_which_this_api_alone_may_call(
    resources: dict[str, Any],
) -> None:
    api, _ = only(resources, "AWS::ApiGatewayV2::Api")
    name, authorizer = only(resources, "AWS::ApiGatewayV2::Authorizer")
    assert sub(authorizer.pop("AuthorizerUri")) == (
        "arn:<AWS::Partition>:apigateway:<AWS::Region>:lambda:path/2015-03-31/functions/"
        "<foyer-GuardFunctionArn>/invocations"
    )
    assert authorizer == {
        "ApiId": {"Ref": api},
        "AuthorizerPayloadFormatVersion": "2.0",
        "AuthorizerResultTtlInSeconds": 0,
        "AuthorizerType": "REQUEST",
        "EnableSimpleResponses": True,
        "IdentitySource": [],  # as the SAM CLI's translator writes it for Foyer's own
        "Name": "SignedIn",
    }
    _, route = only(resources, "AWS::ApiGatewayV2::Route")
    assert route["AuthorizationType"] == "CUSTOM"
    assert route["AuthorizerId"] == {"Ref": name}
    guard = {"Fn::ImportValue": "foyer-GuardFunctionArn"}
    (permission,) = [
        each["Properties"]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::Permission" and each["Properties"]["FunctionName"] == guard
    ]
    assert sub(permission["SourceArn"]).endswith(f":<{api}>/authorizers/<{name}>")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["Action"] == "lambda:InvokeFunction"


def test_it_is_served_from_foyers_domain_only(resources: dict[str, Any]) -> None:
    api, properties = only(resources, "AWS::ApiGatewayV2::Api")
    _, mapping = only(resources, "AWS::ApiGatewayV2::ApiMapping")
    assert properties["DisableExecuteApiEndpoint"] is True
    assert mapping["DomainName"] == {"Fn::ImportValue": "foyer-AppDomainName"}
    assert mapping["ApiId"] == {"Ref": api}
