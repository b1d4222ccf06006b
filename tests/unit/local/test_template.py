"""The gateway reads routes and functions from a template, and reports what it cannot serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import template
from local.authorizers import JwtAuthorizer, LambdaAuthorizer, UnsupportedAuthorizer
from local.http_api import HttpApi, function_name
from local.places import RunError
from local.routes import Route
from local.template_file import TemplateError

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
        Home: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi, Method: get, Path: /}}
        Rest:
          Type: HttpApi
          Properties: {Method: x-amazon-apigateway-any-method, Path: "/{proxy+}"}
        Everything: {Type: HttpApi}
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Rotation:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: !Sub elsewhere, Handler: nowhere.handler}
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").touch()
    path = tmp_path / "template.yaml"
    path.write_text(_TEMPLATE)
    return path


def test_routes_are_the_http_api_events_and_other_functions_are_ignored(written: Path) -> None:
    api = template.read(written)
    assert api.routes == (
        Route("GET", "/", "Web"),
        Route("ANY", "/{proxy+}", "Web"),
        Route("ANY", "$default", "Web"),
    )
    assert set(api.functions) == {"Web"}


def test_a_function_has_the_globals_beneath_and_parameters_at_their_defaults(written: Path) -> None:
    web = template.read(written).functions["Web"]
    assert (web.handler, web.timeout, web.memory) == ("app.handler", 20, 512)
    assert web.code == written.parent / "code"
    given = template.read(written, {"Memory": "1024", "Unset": "set"}).functions["Web"]
    assert given.memory == 1024
    assert (given.variables["UNSET"], given.variables["BRAND"]) == ("set", "Foyer")


def test_variables_that_need_a_deployed_stack_are_left_out(written: Path) -> None:
    assert template.read(written).functions["Web"].variables == {
        "SHARED": "everywhere",
        "OVERRIDDEN": "own",
        "BRAND": "Foyer",
        "NUMBER": "3600",
        "SWITCH": "true",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (_TEMPLATE, "Resources: {}", "no route to serve; add an event"),
        (_TEMPLATE, "a: [", "not valid YAML"),
        (_TEMPLATE, "[]", "no section such as Resources"),
        ("CodeUri: code", "CodeUri: !Sub code", "Web has no literal CodeUri"),
        ("CodeUri: code", "CodeUri: src", "src, which is not a folder"),
        ("Handler: app.handler", "Handler: foyer.app.handler", "foyer.app.handler, which is not"),
        ("Path: /}", "Path: !Sub /}", "path or method is not literal"),
    ],
)
def test_an_unusable_template_is_reported(written: Path, old: str, new: str, message: str) -> None:
    written.write_text(_TEMPLATE.replace(old, new))
    with pytest.raises(TemplateError, match=message):
        template.read(written)
    with pytest.raises(TemplateError, match=r"none\.yaml cannot be read \(no such file"):
        template.read(written.parent / "none.yaml")


# -- Authorizers --------------------------------------------------------------------------------

_GUARDED = """
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
          Pool:
            IdentitySource: $request.header.Authorization
            AuthorizationScopes: [openid]
            JwtConfiguration: {issuer: https://issuer.example, audience: [a, b]}
  Guard:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.handler}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Events:
        Event: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /, Auth: AUTH}}
"""


def guarded(written: Path, auth: str, **resolved: str) -> HttpApi:
    written.write_text(_GUARDED.replace("AUTH", auth))
    return template.read(written, resolved=resolved)


def test_the_default_authorizer_is_every_routes(written: Path) -> None:
    api = guarded(written, "{}")
    assert api.routes[0].authorizer == LambdaAuthorizer(
        name="SignedIn",
        function="Guard",
        payload_version="2.0",
        simple_responses=True,
        identity_sources=("$request.header.X-Key", "$request.querystring.q", "$context.routeKey"),
        ttl=60,
    )
    assert set(api.functions) == {"Guard", "Web"}


def test_a_route_can_be_open_or_have_another_authorizer(written: Path) -> None:
    assert guarded(written, "{Authorizer: NONE}").routes[0].authorizer is None
    (route,) = guarded(written, "{Authorizer: Pool, AuthorizationScopes: [own]}").routes
    assert route.scopes == ("own",)
    (route,) = guarded(written, "{Authorizer: Pool}").routes
    assert route.authorizer == JwtAuthorizer(
        "Pool", "https://issuer.example", ("a", "b"), "$request.header.Authorization"
    )
    assert route.scopes == ("openid",)


@pytest.mark.parametrize("auth", ["{Authorizer: AWS_IAM}", "{Authorizer: !If [a, NONE, NONE]}"])
def test_an_authorizer_that_cannot_be_asked_leaves_no_route_open(written: Path, auth: str) -> None:
    (route,) = guarded(written, auth).routes
    assert isinstance(route.authorizer, UnsupportedAuthorizer)
    with pytest.raises(RunError, match="Api has no authorizer Other"):
        guarded(written, "{Authorizer: Other}")


def test_an_authorizer_of_another_stack_is_known_by_its_arn(written: Path) -> None:
    imported = '{"Fn::ImportValue": "foyer-GuardFunctionArn"}'
    arn = "arn:aws:lambda:us-east-1:123456789012:function:GuardFunction:live"
    text = _GUARDED.replace("!GetAtt Guard.Arn", "!ImportValue foyer-GuardFunctionArn")
    written.write_text(text.replace("AUTH", "{}"))
    api = template.read(written, resolved={imported: arn})
    authorizer = api.routes[0].authorizer
    assert isinstance(authorizer, LambdaAuthorizer)
    assert function_name(authorizer.function) == "GuardFunction"
