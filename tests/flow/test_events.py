"""Every sample event in events/ and its outcome; `sam local invoke` uses the same files."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from local import api_gateway
from tests.documents import read
from tests.flow.browser import Context, Handler
from tests.flow.conftest import Stack, environment
from tests.flow.guards import Guards
from tests.sample_events import FOLDER, GUARD_NOBODY, SAMPLES, sample


def test_every_sample_event_has_an_expected_outcome() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == set(SAMPLES)


def test_every_route_has_a_sample_event() -> None:
    """Of Foyer's own; pages below the mark in the template may go without."""
    own = read("template.yaml").partition("# Your own pages:")[0]
    routes = set(re.findall(r"Method: (GET|POST), Path: (/\S*)", own))
    assert ("GET", "/callback") in routes
    assert {" ".join(route) for route in routes} <= {sample(name)["routeKey"] for name in SAMPLES}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_has_the_outcome_it_is_named_after(stack: Stack, name: str) -> None:
    handler: Handler = stack.app(**environment(stack))
    reply = handler(sample(name), Context())
    assert SAMPLES[name].fits(reply), reply
    if reply["statusCode"] >= 400:
        assert sample(name)["requestContext"]["requestId"] in reply["body"]
    assert stack.cognito.upstream_calls == 0


def test_the_guards_sample_event_has_no_session(stack: Stack) -> None:
    guards = Guards(stack)
    assert guards.ask_signed_in(sample(GUARD_NOBODY), Context()) == {"isAuthorized": False}
    about = guards.ask_visitor(sample(GUARD_NOBODY), Context())["context"]
    assert (about["signed_in"], about["go"]) == (False, "/login?return_to=/api/orders")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_is_what_api_gateway_makes_of_its_request(name: str) -> None:
    event = sample(name)
    context = event["requestContext"]
    made_there = {"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
    request = api_gateway.Request(
        method=context["http"]["method"],
        path=urlsplit(event["rawPath"]).path.encode(),
        query=event["rawQueryString"].encode(),
        headers=[
            (header.encode(), value.encode())
            for header, value in event["headers"].items()
            if header not in made_there
        ],
        client=context["http"]["sourceIp"],
        body=base64.b64decode(event.get("body", "")),
    )
    now, request_id = datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC), context["requestId"]
    built = api_gateway.build_event(
        request, route_key=event["routeKey"], path_parameters={}, request_id=request_id, now=now
    )
    # The local gateway has another name than an API, and no TLS.
    built["requestContext"]["apiId"] = context["apiId"]
    built["headers"] |= {header: event["headers"][header] for header in made_there}
    assert event == built
