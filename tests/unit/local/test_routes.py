"""Routes are chosen as API Gateway chooses them."""

from __future__ import annotations

import pytest

from local.routes import Route, select

# The example of the developer guide, "Routing API requests", shuffled.
_PETS = [
    Route("ANY", "$default", "default"),
    Route("ANY", "/{proxy+}", "anything"),
    Route("GET", "/pets/{proxy+}", "pets"),
    Route("GET", "/pets/dog/{id}", "dog"),
    Route("GET", "/pets/dog/1", "first dog"),
]


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/pets/dog/1", "first dog", {}),
        ("GET", "/pets/dog/2", "dog", {"id": "2"}),
        ("GET", "/pets/cat/1", "pets", {"proxy": "cat/1"}),
        ("GET", "/pets/dog/1/2", "pets", {"proxy": "dog/1/2"}),
        ("POST", "/pets/dog/1", "anything", {"proxy": "pets/dog/1"}),
        ("POST", "/test/5", "anything", {"proxy": "test/5"}),
        ("GET", "/", "default", {}),
    ],
)
def test_the_most_specific_route_wins(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    selected = select(_PETS, method, path)
    assert selected is not None
    assert (selected[0].function, selected[1]) == (function, parameters)


def test_a_route_for_the_method_goes_before_any() -> None:
    routes = [Route("ANY", "/logout", "any"), Route("POST", "/logout", "post")]
    assert [select(routes, method, "/logout") for method in ("POST", "GET")] == [
        (routes[1], {}),
        (routes[0], {}),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [("HEAD", "/log.in"), ("POST", "/log.in"), ("GET", "/log.in/"), ("GET", "/Log.in"),
     ("GET", "/"), ("GET", "/logxin")],
)  # fmt: skip
def test_a_route_takes_nothing_but_its_method_and_path(method: str, path: str) -> None:
    assert select([Route("GET", "/log.in", "web")], method, path) is None


@pytest.mark.parametrize(
    ("route", "key"),
    [
        (Route("GET", "/login", "web"), "GET /login"),
        (Route("ANY", "/{proxy+}", "web"), "ANY /{proxy+}"),
        (Route("ANY", "$default", "web"), "$default"),
    ],
)
def test_the_key_is_what_events_show(route: Route, key: str) -> None:
    assert route.key == key
