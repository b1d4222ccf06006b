"""What the authorizers answer about requests with a session, without one, or with a false one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest
from foyer.guard import GuardFailed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.managed_login.tokens import unverified_claims
from tests.flow.browser import OWN_PAGE, Browser, Context
from tests.flow.conftest import ORIGIN, Counted, Stack
from tests.flow.guards import REFUSED, Guards
from tests.wire_faults import refusal

IN_TABLE = pytest.mark.sessions("table")
ACCESS_TOKEN = 900  # seconds


@pytest.fixture
def guards(stack: Stack, counted: Counted) -> Guards:
    made = Guards(stack)
    made.counted = partial(counted, "Guard")
    return made


@pytest.fixture
def ada(stack: Stack, kept_in: str) -> Browser:
    stack.cognito.id_token_claims = {"cognito:groups": ["editors", "staff"]}
    if kept_in == "table":
        stack.cognito.access_token_seconds = ACCESS_TOKEN
        stack.cognito.refresh_token_rotation = True  # and no grace: each token works once
    return stack.signed_in()


@pytest.fixture
def due(stack: Stack, ada: Browser) -> Browser:
    """Not idle, but to be checked with Cognito."""
    stack.clock.advance(3500)
    ada.get("/")
    stack.clock.advance(200)
    return ada


def test_a_visitor_is_let_in_and_described(stack: Stack, guards: Guards, ada: Browser) -> None:
    me, logged = ada.get("/me").json, stack.log()
    calls, reads = stack.cognito.upstream_calls, stack.vault.reads
    answer = guards.signed_in(ada)
    now = int(stack.clock.now())
    assert answer == {
        "isAuthorized": True,
        "context": {
            "sub": me["sub"],
            "username": me["cognito:username"],
            "name": "Test Visitor",
            "email": me["email"],
            "email_verified": True,
            "groups": ["editors", "staff"],
            "claims": me,
            "signed_in_at": now,
            "auth_time": now,
        },
    }
    assert guards.visitor(ada) == {**answer["context"], "signed_in": True, "go": ""}
    assert stack.cognito.upstream_calls == calls, "no call to Cognito"
    assert stack.vault.reads == reads + 1
    assert guards.counted() == [("GuardAllowed", None)] * 2
    assert stack.log() == logged


def test_a_visitor_without_a_session_is_refused_or_sent_to_sign_in(
    stack: Stack, guards: Guards, browser: Browser
) -> None:
    assert guards.signed_in(browser) == REFUSED
    assert guards.counted() == [("GuardRefused", "no_session")]
    about = guards.visitor(browser, path="/shop/list?page=2&sort=a%20b")
    assert about["signed_in"] is False
    assert about["go"] == "/login?return_to=/shop/list%3Fpage%3D2%26sort%3Da%2520b"
    assert stack.vault.reads == 0


def test_the_context_always_has_the_same_types(stack: Stack, guards: Guards, ada: Browser) -> None:
    somebody, nobody = guards.visitor(ada), guards.visitor(stack.browser())
    assert {name: type(value) for name, value in somebody.items()} == {
        name: type(value) for name, value in nobody.items()
    }
    assert not any(value for name, value in nobody.items() if name != "go")
    stack.cognito.id_token_claims = {"cognito:groups": "admins", "auth_time": "yesterday"}
    context = guards.signed_in(stack.signed_in())["context"]
    assert (context["groups"], context["auth_time"]) == ([], 0)


def changed(value: str, at: int) -> str:
    return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda value: value[:-8], "changed_or_other_purpose"),
        (lambda value: changed(value, 40), "changed_or_other_purpose"),
        (lambda value: changed(value, 0), "unknown_key"),
        (lambda _: "A" * 8192, "unknown_key"),
        (lambda _: "%" * 8192, "not_base64url"),
        (lambda _: "ü" * 64, "not_base64url"),
        (lambda _: "", "too_short"),
    ],
)
def test_a_damaged_session_is_refused(
    guards: Guards, ada: Browser, damage: Callable[[str], str], reason: str
) -> None:
    (name,) = ada.named("session")
    ada.cookies[name] = damage(ada.cookies[name])
    assert not guards.lets_in(ada)
    assert guards.counted() == [("GuardRefused", reason)]
    assert guards.visitor(ada)["signed_in"] is False
    assert "Create account" in ada.get("/").body, "as for the web function, which clears it"
    assert ada.cookies == {}


def test_a_session_ends_for_the_guard_too(stack: Stack, guards: Guards, ada: Browser) -> None:
    strict = Guards(stack, SESSION_IDLE_SECONDS="60", SESSION_MAX_SECONDS="60")
    assert strict.lets_in(ada)
    stack.clock.advance(61)
    guards.counted()
    assert not strict.lets_in(ada)
    assert guards.counted() == [("GuardRefused", "expired")]
    before = ada.named("session")
    ada.post("/logout")
    ada.cookies |= before  # with an answer that comes late
    assert not guards.lets_in(ada)


# A check with Cognito


def test_the_web_function_renews_a_session_due(stack: Stack, guards: Guards, due: Browser) -> None:
    assert not guards.lets_in(due)
    assert guards.counted() == [("GuardRefused", "check_due")]
    go = guards.visitor(due, path="/shop?page=2")["go"]
    assert go == "/renew?return_to=/shop%3Fpage%3D2"

    answer = due.get(go)

    assert (answer.status, answer.location) == (303, "/shop?page=2")
    assert stack.cognito.calls("token") == 2
    assert guards.visitor(due)["signed_in"] is True
    assert guards.lets_in(due)
    stack.clock.advance(3600 - 1)
    assert not guards.lets_in(due)
    assert due.is_signed_in, "/me renews it too"
    assert guards.lets_in(due)


@pytest.mark.sessions("cookie", "table")
def test_guarded_requests_count_as_use(stack: Stack, guards: Guards, ada: Browser) -> None:
    """With a cookie, the guard cannot renew the idle time, so it asks for that in good time."""
    for _ in range(6):
        stack.clock.advance(1500)
        go = guards.visitor(ada)["go"]
        assert not (go and stack.table), "it renews the idle time itself"
        if go:
            ada.get(go)
        assert guards.lets_in(ada)


def test_a_check_ends_without_a_redirect_loop(stack: Stack, guards: Guards, due: Browser) -> None:
    stack.cognito.fault("token", "http_503")
    assert due.get(guards.visitor(due)["go"]).location == "/shop"
    assert guards.visitor(due)["go"] == ""
    stack.cognito.fault("token", "invalid_grant")
    stack.clock.advance(36)
    answer = due.get(guards.visitor(due, path="/shop?page=2")["go"])
    assert (answer.status, answer.location) == (303, "/login?return_to=/shop%3Fpage%3D2")
    assert guards.visitor(due)["go"] == "/login?return_to=/shop"
    stack.cognito.repair("token")
    assert stack.sign_in(due, answer.location).location == "/shop?page=2"


def test_a_guard_whose_clock_is_ahead_sends_nobody_in_circles(
    stack: Stack, guards: Guards, ada: Browser
) -> None:
    stack.clock.advance(3500)
    ada.get("/")
    stack.clock.advance(98)  # two seconds before the check is due
    stack.seconds_fast = 4
    assert guards.lets_in(ada), "the web function would not check it yet"
    stack.clock.advance(4)
    go = guards.visitor(ada)["go"]
    stack.seconds_fast = 0
    ada.get(go)
    stack.seconds_fast = 4
    assert guards.lets_in(ada)


def test_renew_leads_to_a_path_of_the_app_never_in_circles(ada: Browser, browser: Browser) -> None:
    for return_to, location in (
        ("/shop", "/shop"),
        ("https://evil.example/", "/"),
        ("/renew?return_to=/renew", "/"),
    ):
        renew = f"/renew?return_to={quote(return_to, safe='')}"
        answer = ada.get(renew)
        assert (answer.status, answer.location) == (303, location)
        nobody = browser.get(renew)
        assert nobody.location.startswith("/login?")
        assert nobody.query == {"return_to": location}


# Cross-site requests (CSRF)


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site", "origin": ORIGIN}, False),
        ({"origin": ORIGIN}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_the_apps_own_pages_may_change_something(
    guards: Guards, ada: Browser, headers: dict[str, str], passes: bool
) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert guards.signed_in(ada, method, **headers)["isAuthorized"] is passes
        assert guards.visitor(ada, method, **headers)["signed_in"] is passes
    expected = ("GuardAllowed", None) if passes else ("GuardRefused", "cross_site")
    assert guards.counted() == [expected] * 8
    for method in ("GET", "HEAD", "OPTIONS"):
        assert guards.signed_in(ada, method, **headers)["isAuthorized"] is True


def test_the_origin_is_app_url_or_the_domain_that_was_called(stack: Stack, ada: Browser) -> None:
    """Another stack's API has an address of its own; a front like CloudFront stands before all."""
    api = "a1b2c3.execute-api.eu-central-1.amazonaws.com"
    with_domain, without = Guards(stack, api, APP_URL=ORIGIN), Guards(stack, api)
    for guards, origin, passes in (
        (with_domain, ORIGIN, True),
        (with_domain, f"https://{api}", False),
        (without, ORIGIN, False),
        (without, f"https://{api}", True),
    ):
        assert guards.signed_in(ada, "POST", origin=origin)["isAuthorized"] is passes


# Failures


def test_without_the_secret_the_guard_fails(stack: Stack, guards: Guards, ada: Browser) -> None:
    """API Gateway answers 500 then: nobody knows who is signed in."""
    stack.vault.failure = "secret_unreachable"
    for ask in (guards.signed_in, guards.visitor):
        with pytest.raises(GuardFailed, match="secret_unreachable"):
            ask(ada)
        assert guards.counted() == [("GuardFailed", "secret_unreachable")]
    assert stack.reasons("guard_failed") == ["secret_unreachable"] * 2
    assert stack.log()[-1]["correlation_id"]


def test_an_unexpected_error_quotes_nothing(stack: Stack, guards: Guards) -> None:
    broken = {"requestContext": {"requestId": "r"}, "cookies": ["private"], "rawPath": "/private"}
    with pytest.raises(GuardFailed) as caught:
        guards.ask_signed_in(broken, Context())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    (line,) = stack.log()
    assert (line["message"], line["error"]) == ("unexpected_error", "builtins.KeyError")
    assert "private" not in stack.log_stream.getvalue()
    fresh = Browser(lambda *_: {}, ORIGIN, {"__Host-foyer-session-1-1": "private"})
    assert not guards.lets_in(fresh)


NAMES = st.sampled_from(
    ["__Host-foyer-session", "__Host-foyer-session-1-0", "__Host-foyer-session-9999999999999999-9"]
)
VALUES = st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{50,80}", fullmatch=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    listed=st.lists(st.builds("{}={}".format, NAMES, VALUES) | st.text(max_size=40), max_size=6),
    method=st.sampled_from(["GET", "POST"]),
)
def test_no_made_up_cookie_passes_or_breaks_the_guard(
    guards: Guards, listed: list[str], method: str
) -> None:
    asked = Browser(lambda *_: {}, ORIGIN).event(method, "/api", OWN_PAGE)
    for made in ({**asked, "cookies": listed}, {**asked, "headers": {"Cookie": ";".join(listed)}}):
        assert guards.ask_signed_in(made, Context()) == REFUSED


# With sessions in a table, the guard checks them with Cognito itself


@IN_TABLE
def test_the_guard_refreshes_sessions_for_all(stack: Stack, guards: Guards, ada: Browser) -> None:
    for _ in range(3):
        stack.clock.advance(ACCESS_TOKEN)
        assert guards.lets_in(ada)
        assert guards.visitor(ada)["go"] == ""
        assert ada.is_signed_in
    assert stack.cognito.calls("token") == 4
    stack.clock.advance(ACCESS_TOKEN)
    stack.cognito.fault("token", "http_503")
    assert guards.lets_in(ada), "while Cognito does not answer, the session serves"


@IN_TABLE
def test_a_sign_out_counts_at_once(stack: Stack, guards: Guards, ada: Browser) -> None:
    copy = stack.copy_of(ada)
    ada.post("/logout")
    assert not guards.lets_in(copy)
    assert guards.counted() == [("GuardRefused", "not_in_table")]


@IN_TABLE
def test_a_user_whom_cognito_refuses_is_refused(stack: Stack, guards: Guards, ada: Browser) -> None:
    stack.cognito.user.enabled = False
    stack.clock.advance(ACCESS_TOKEN)
    assert guards.visitor(ada)["go"] == "/login?return_to=/shop"
    assert guards.counted() == [("GuardRefused", "session_ended")]
    (line,) = stack.logged("session_ended")
    assert line["correlation_id"]
    assert stack.sessions.row()["sealed"] == {"S": ""}
    assert "DeleteItem" not in stack.sessions.asked, "its role does not allow that"


@IN_TABLE
def test_without_the_table_the_guard_fails(stack: Stack, guards: Guards, ada: Browser) -> None:
    stack.sessions.faults["GetItem"] = refusal("ThrottlingException")
    for ask in (guards.signed_in, guards.visitor):
        with pytest.raises(GuardFailed, match="table_throttled"):
            ask(ada)


@IN_TABLE
def test_functions_get_an_access_token_of_a_minute_or_more_if_it_is_passed_on(stack: Stack) -> None:
    passing = {
        "PASS_ACCESS_TOKEN": "true",
        "ACCESS_TOKEN_SCOPES": "notes-api/read",
        "ACCESS_TOKEN_RESOURCE": "https://notes.example",
    }
    stack.cognito.scopes = (*stack.cognito.scopes, "notes-api/read")
    browser, guards = stack.signed_in(**passing), Guards(stack, **passing)
    stack.clock.advance(stack.cognito.access_token_seconds - 61)
    browser.get("/me")
    first = guards.signed_in(browser)["context"]["access_token"]
    stack.clock.advance(1)
    second = guards.signed_in(browser)["context"]["access_token"]
    assert len({first, second}) == 2
    assert {first, second} <= set(stack.cognito.handed_out)
    for claims in map(unverified_claims, (first, second)):
        assert claims["scope"].split()[-1] == "notes-api/read"
        assert claims["aud"] == "https://notes.example"
    assert guards.visitor(browser)["access_token"] == second
    assert guards.visitor(stack.browser())["access_token"] == ""
    assert "access_token" not in Guards(stack).signed_in(browser)["context"]
