"""Of a template the gateway reads routes and functions, and says clearly what it cannot serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import template
from local.routes import Route

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


def test_routes_are_the_http_api_events(written: Path) -> None:
    assert template.read(written).routes == (
        Route("GET", "/", "Web"),
        Route("ANY", "/{proxy+}", "Web"),
        Route("ANY", "$default", "Web"),
    )


def test_functions_without_a_route_are_none_of_its_business(written: Path) -> None:
    assert set(template.read(written).functions) == {"Web"}


def test_a_function_has_the_globals_beneath_and_parameters_at_their_defaults(written: Path) -> None:
    web = template.read(written).functions["Web"]
    assert (web.handler, web.timeout, web.memory) == ("app.handler", 20, 512)
    assert web.code == written.parent / "code"


def test_variables_that_need_a_deployed_stack_are_left_out(written: Path) -> None:
    assert template.read(written).functions["Web"].variables == {
        "SHARED": "everywhere",
        "OVERRIDDEN": "own",
        "BRAND": "Foyer",
        "NUMBER": "3600",
        "SWITCH": "true",
        "EMPTY": "",
    }


def test_a_parameter_that_is_given_goes_before_its_default(written: Path) -> None:
    web = template.read(written, {"Memory": "1024", "Unset": "set"}).functions["Web"]
    assert (web.memory, web.variables["UNSET"], web.variables["BRAND"]) == (1024, "set", "Foyer")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (_TEMPLATE, "Resources: {}", "no function with an HttpApi event"),
        (_TEMPLATE, "a: [", "not valid YAML"),
        (_TEMPLATE, "[]", "not a mapping"),
        ("CodeUri: code", "CodeUri: !Sub code", "Web has no literal CodeUri"),
        ("CodeUri: code", "CodeUri: src", "src, which is not a folder"),
        ("Handler: app.handler", "Handler: foyer.app.handler", "foyer.app.handler, which is not"),
        ("Path: /}", "Path: !Sub /}", "path or method is not literal"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(
    written: Path, old: str, new: str, message: str
) -> None:
    written.write_text(_TEMPLATE.replace(old, new))
    with pytest.raises(template.TemplateError, match=message):
        template.read(written)


def test_a_missing_template_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(template.TemplateError, match=r"none\.yaml cannot be read \(no such file"):
        template.read(tmp_path / "none.yaml")
