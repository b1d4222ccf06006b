"""A template's routes, functions, authorizers and triggers, and what cannot be served."""

from __future__ import annotations

from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local import template
from local.apps import assemble
from local.authorizers import JwtAuthorizer, LambdaAuthorizer, UnsupportedAuthorizer
from local.cloudformation import Deployed
from local.http_api import function_name
from local.places import RunError
from local.routes import Route
from local.template import Template
from local.template_file import TemplateError, read_template

_TEMPLATE = """
Parameters:
  Memory: {Type: Number, Default: 512}
  Brand: {Type: String, Default: Foyer}
  Unset: {Type: String}
Globals:
  Function:
    Timeout: 20
    Environment: {Variables: {SHARED: everywhere, OVERRIDDEN: globals}}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: SignedIn
        Authorizers:
          SignedIn:
            FunctionArn: !GetAtt Guard.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity:
              Headers: [X-Key]
              QueryStrings: [q]
              Context: [routeKey]
              ReauthorizeEvery: 60
          Elsewhere: {FunctionArn: !ImportValue foyer-GuardFunctionArn}
          Pool:
            IdentitySource: $request.header.Authorization
            AuthorizationScopes: [openid]
            JwtConfiguration: {issuer: https://issuer.example, audience: [a, b]}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      MemorySize: !Ref Memory
      Environment:
        Variables:
          OVERRIDDEN: own
          BRAND: !Ref Brand
          NUMBER: 3600
          SWITCH: true
          EMPTY: ""
          REGION: !Sub "${AWS::Region}"
          POOL: !GetAtt Pool.Arn
          UNSET: !Ref Unset
      Events:
        Home: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: get, Path: /, Auth: AUTH}}
        Rest:
          Type: HttpApi
          Properties: {Method: x-amazon-apigateway-any-method, Path: "/{proxy+}"}
        Everything: {Type: HttpApi}
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Guard: &function
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.handler}
  Trigger: *function
  Rotation:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: !Sub elsewhere, Handler: nowhere.handler}
  Pool:
    Type: AWS::Cognito::UserPool
    Properties: {LambdaConfig: {PreSignUp: Trigger, UserMigration: Trigger}}
"""
_OPEN = _TEMPLATE.replace("AUTH", "{Authorizer: NONE}")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").touch()
    path = tmp_path / "template.yaml"
    path.write_text(_OPEN)
    return path


def test_routes_and_their_functions_are_read(written: Path) -> None:
    api = template.read(written)
    assert api.routes == (
        Route("GET", "/", "Web"),
        Route("ANY", "/{proxy+}", "Web"),
        Route("ANY", "$default", "Web"),
    )
    assert set(api.functions) == {"Web"}
    web = api.functions["Web"]
    assert (web.handler, web.timeout, web.memory) == ("app.handler", 20, 512)
    assert web.code == written.parent / "code"
    assert web.variables == {  # without those that need a deployed stack
        "SHARED": "everywhere",
        "OVERRIDDEN": "own",
        "BRAND": "Foyer",
        "NUMBER": "3600",
        "SWITCH": "true",
        "EMPTY": "",
    }
    given = template.read(written, {"Memory": "1024", "Unset": "set"}).functions["Web"]
    assert (given.memory, given.variables["UNSET"]) == (1024, "set")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (_OPEN, "Resources: {}", "no route to serve; add an event"),
        (_OPEN, "a: [", "not valid YAML"),
        (_OPEN, "[]", "no section such as Resources"),
        ("CodeUri: code", "CodeUri: !Sub code", "Web has no literal CodeUri"),
        ("CodeUri: code", "CodeUri: src", "src, which is not a folder"),
        ("Handler: app.handler", "Handler: foyer.app.handler", "foyer.app.handler, which is not"),
        ("Path: /, ", "Path: !Sub /, ", "path or method is not literal"),
    ],
)
def test_an_unusable_template_is_reported(written: Path, old: str, new: str, message: str) -> None:
    written.write_text(_OPEN.replace(old, new))
    with pytest.raises(TemplateError, match=message):
        template.read(written)


def test_a_missing_template_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"none\.yaml cannot be read \(no such file"):
        template.read(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "text",
    [
        _OPEN,
        'A: [!Ref B, !GetAtt B.C.D, !Sub ["${E}", {E: !If [F, !Ref G, 1]}]]',
        '{"Emoji": "\\ud83d\\ude00"}',  # libyaml refuses such an escape, which JSON writers use
    ],
)
def test_a_template_is_read_as_sam_reads_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    assert read_template(path) == yaml_parse(text)


def test_triggers_are_served_or_named_as_left_out(written: Path) -> None:
    deployed = Deployed(Template(written, read_template(written), {}, {}), {}, {}, ("Cluster",))
    apps = assemble(deployed, None)
    assert sorted(apps.functions) == ["Trigger", "Web"]
    assert apps.left_out == ("Cluster", "UserMigration (trigger)")
    apps = assemble(deployed, None, runs_triggers=False)
    assert apps.left_out == ("Cluster", "PreSignUp (trigger)", "UserMigration (trigger)")


def guarded(written: Path, auth: str, **resolved: str) -> Route:
    """The route with this Auth in its event."""
    written.write_text(_TEMPLATE.replace("AUTH", auth))
    return template.read(written, resolved=resolved).routes[0]


def test_a_route_has_the_default_authorizer_another_or_none(written: Path) -> None:
    assert guarded(written, "{}").authorizer == LambdaAuthorizer(
        name="SignedIn",
        function="Guard",
        payload_version="2.0",
        simple_responses=True,
        identity_sources=("$request.header.X-Key", "$request.querystring.q", "$context.routeKey"),
        ttl=60,
    )
    assert set(template.read(written).functions) == {"Guard", "Web"}
    route = guarded(written, "{Authorizer: Pool}")
    assert route.authorizer == JwtAuthorizer(
        "Pool", "https://issuer.example", ("a", "b"), "$request.header.Authorization"
    )
    assert route.scopes == ("openid",)
    assert guarded(written, "{Authorizer: Pool, AuthorizationScopes: [own]}").scopes == ("own",)
    assert guarded(written, "{Authorizer: NONE}").authorizer is None
    # Of another stack, known by its ARN.
    arn = "arn:aws:lambda:us-east-1:123456789012:function:GuardFunction:live"
    imported = {'{"Fn::ImportValue": "foyer-GuardFunctionArn"}': arn}
    authorizer = guarded(written, "{Authorizer: Elsewhere}", **imported).authorizer
    assert isinstance(authorizer, LambdaAuthorizer)
    assert function_name(authorizer.function) == "GuardFunction"


@pytest.mark.parametrize("name", ["AWS_IAM", "!If [a, NONE, NONE]", "Elsewhere"])
def test_an_authorizer_that_cannot_be_asked_leaves_no_route_open(written: Path, name: str) -> None:
    authorizer = guarded(written, f"{{Authorizer: {name}}}").authorizer
    assert isinstance(authorizer, UnsupportedAuthorizer)


def test_an_authorizer_that_is_not_declared_is_reported(written: Path) -> None:
    with pytest.raises(RunError, match="Api has no authorizer Other"):
        guarded(written, "{Authorizer: Other}")
