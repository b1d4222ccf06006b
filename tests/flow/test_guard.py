"""The authorizers, asked about requests of browsers that have signed in, or say so."""

from __future__ import annotations

import functools
import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from aws_lambda_powertools import Logger
from foyer.container import Container
from foyer.errors import Unavailable
from foyer.guard import Guard, GuardFailed, build, signed_in, visitor
from foyer.settings import CommonSettings
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.browser import Browser, Context, Handler, event
from tests.flow.conftest import ORIGIN, Stack
from tests.vault import Boto3Vault, Vault

DOMAIN = urlsplit(ORIGIN).netloc
OWN_PAGE = {"sec-fetch-site": "same-origin"}


class Unreachable:
    """A Secrets Manager that gives no answer."""

    def secret_text(self, _secret_id: str, /) -> str:
        raise Unavailable("secret_unreachable", "TimeoutError")


@dataclass
class Guards:
    """New containers of both functions, and what they log."""

    stack: Stack
    source: Any = None
    environ: dict[str, str] = field(default_factory=dict)
    domain: str = DOMAIN
    log_stream: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        environ = {**self._read_by_it(), **self.environ}
        settings = CommonSettings.from_environ(environ)
        stack = replace(self.stack, source=self.source)
        guard = build(settings, stack.container(settings, environ, log_stream=self.log_stream))
        self.ask_signed_in: Handler = partial(signed_in, guard)
        self.ask_visitor: Handler = partial(visitor, guard)

    def _read_by_it(self) -> dict[str, str]:
        """With sessions in cookies, the guard does not even know where Cognito is."""
        if self.stack.table is not None:
            return self.stack.environ
        names = ("SECRET_ID", "SESSION_IDLE_SECONDS", "SESSION_MAX_SECONDS")
        return {name: self.stack.environ[name] for name in names}

    def signed_in(self, browser: Browser, method: str = "GET", **headers: str) -> dict[str, Any]:
        return self._ask(self.ask_signed_in, browser, method, "/api/orders", headers)

    def visitor(
        self, browser: Browser, method: str = "GET", path: str = "/shop", **headers: str
    ) -> dict[str, Any]:
        """What a page's function would learn; it is always called."""
        answer = self._ask(self.ask_visitor, browser, method, path, headers)
        assert answer["isAuthorized"] is True
        about: dict[str, Any] = answer["context"]
        return about

    def _ask(
        self, handler: Handler, browser: Browser, method: str, path: str,
        headers: dict[str, str],
    ) -> dict[str, Any]:  # fmt: skip
        made = event(method, path, domain=self.domain, cookies=browser.cookies, headers=headers)
        made |= {"type": "REQUEST", "identitySource": None, "routeArn": "arn:aws:execute-api:x"}
        return json.loads(json.dumps(handler(made, Context())))  # type: ignore[no-any-return]

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_stream.getvalue().splitlines()]


@pytest.fixture
def guards(stack: Stack) -> Guards:
    return Guards(stack)


@pytest.fixture
def ada(stack: Stack, browser: Browser) -> Browser:
    """Somebody who is signed in."""
    stack.cognito.id_token_claims = {"cognito:groups": ["editors", "staff"]}
    stack.sign_in(browser)
    return browser


def counted(printed: str) -> list[tuple[str, str | None]]:
    """The guard's metrics, with their reasons."""
    lines = [json.loads(line) for line in printed.splitlines()]
    return [
        (name, line.get("reason")) for line in lines for name in line if name.startswith("Guard")
    ]


def test_a_signed_in_visitor_passes_and_is_described(
    stack: Stack, guards: Guards, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    me = ada.get("/me").json
    capsys.readouterr()
    calls = stack.cognito.upstream_calls
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
    assert counted(capsys.readouterr().out) == [("GuardAllowed", None)] * 2
    assert guards.log() == []


def test_the_secret_is_read_once(stack: Stack, ada: Browser) -> None:
    class Counting(Boto3Vault):
        reads = 0

        def secret_text(self, secret_id: str) -> str:
            self.reads += 1
            return super().secret_text(secret_id)

    source = Counting(stack.secrets_manager)
    guards = Guards(stack, source)
    for _ in range(3):
        assert guards.signed_in(ada)["isAuthorized"] is True
    assert source.reads == 1


def test_nobody_is_refused_or_sent_to_sign_in(
    guards: Guards, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guards.signed_in(browser) == {"isAuthorized": False}
    assert counted(capsys.readouterr().out) == [("GuardRefused", "no_session")]
    about = guards.visitor(browser, path="/shop/list?page=2&sort=a%20b")
    assert about["signed_in"] is False
    assert about["go"] == "/login?return_to=/shop/list%3Fpage%3D2%26sort%3Da%2520b"


def test_the_context_has_the_same_types_for_everybody(guards: Guards, ada: Browser) -> None:
    somebody, nobody = guards.visitor(ada), guards.visitor(Browser(ada.handler, ORIGIN))
    assert {name: type(value) for name, value in somebody.items()} == {
        name: type(value) for name, value in nobody.items()
    }
    assert not any(value for name, value in nobody.items() if name != "go")


def test_claims_of_unexpected_types_do_not_change_the_contexts_types(
    stack: Stack, guards: Guards, browser: Browser
) -> None:
    stack.cognito.id_token_claims = {"cognito:groups": "admins", "auth_time": "yesterday"}
    stack.sign_in(browser)
    context = guards.signed_in(browser)["context"]
    assert (context["groups"], context["auth_time"]) == ([], 0)


def cut(value: str) -> str:
    return value[:-8]


def changed(value: str) -> str:
    return value[:40] + ("A" if value[40] != "A" else "B") + value[41:]


def of_an_unknown_key(value: str) -> str:
    return ("AAAAAAAA" if not value.startswith("AAAAAAAA") else "BBBBBBBB") + value[8:]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut, "changed_or_other_purpose"),
        (changed, "changed_or_other_purpose"),
        (of_an_unknown_key, "unknown_key"),
        (lambda _: "A" * 8192, "unknown_key"),
        (lambda _: "%" * 8192, "not_base64url"),
        (lambda _: "", "too_short"),
    ],
)
def test_a_damaged_session_is_none(
    guards: Guards,
    ada: Browser,
    damage: Callable[[str], str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (name,) = ada.named("session")
    ada.cookies[name] = damage(ada.cookies[name])
    capsys.readouterr()
    assert guards.signed_in(ada) == {"isAuthorized": False}
    assert counted(capsys.readouterr().out) == [("GuardRefused", reason)]
    assert guards.visitor(ada)["signed_in"] is False


def test_a_cookie_of_another_purpose_is_no_session(guards: Guards, ada: Browser) -> None:
    ada.get("/login")
    (name,) = ada.named("session")
    (ada.cookies[name],) = ada.named("attempt").values()
    assert guards.signed_in(ada) == {"isAuthorized": False}


def test_two_different_cookies_of_one_name_are_no_session(
    stack: Stack, guards: Guards, ada: Browser
) -> None:
    (name,) = ada.named("session")
    mallory = stack.browser()
    stack.sign_in(mallory)
    (other,) = mallory.named("session").values()
    ada.cookies["a"] = f"b; {name}={other}"
    assert guards.signed_in(ada) == {"isAuthorized": False}


def test_a_session_ends_for_the_guard_when_it_ends(
    stack: Stack, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    guards = Guards(stack, environ={"SESSION_IDLE_SECONDS": "60", "SESSION_MAX_SECONDS": "60"})
    assert guards.signed_in(ada)["isAuthorized"] is True
    stack.clock.advance(61)
    capsys.readouterr()
    assert guards.signed_in(ada) == {"isAuthorized": False}
    assert counted(capsys.readouterr().out) == [("GuardRefused", "expired")]


def test_after_a_sign_out_a_session_that_arrives_late_is_none(guards: Guards, ada: Browser) -> None:
    (name,) = ada.named("session")
    value = ada.cookies[name]
    ada.post("/logout")
    ada.cookies[name] = value
    assert guards.signed_in(ada) == {"isAuthorized": False}


def test_a_rotated_session_key_refuses_nobody(stack: Stack, guards: Guards, ada: Browser) -> None:
    assert guards.signed_in(ada)["isAuthorized"] is True
    stack.put_secret(
        session_key=uuid.uuid4().hex * 2, previous_session_key=stack.secret()["session_key"]
    )
    stack.clock.advance(31)
    newcomer = stack.browser()
    stack.sign_in(newcomer)
    assert guards.signed_in(newcomer)["isAuthorized"] is True, "sealed with a key it did not know"
    assert guards.signed_in(ada)["isAuthorized"] is True


# A check with Cognito


def test_a_session_due_for_a_check_is_refused_and_renewed_by_the_web_function(
    stack: Stack, guards: Guards, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.clock.advance(3600 - 120)
    ada.get("/")  # the idle time is no reason
    stack.clock.advance(180)
    capsys.readouterr()
    assert guards.signed_in(ada) == {"isAuthorized": False}
    assert counted(capsys.readouterr().out) == [("GuardRefused", "check_due")]
    go = guards.visitor(ada, path="/shop?page=2")["go"]
    assert go == "/renew?return_to=/shop%3Fpage%3D2"

    answer = ada.get(go)

    assert (answer.status, answer.location) == (303, "/shop?page=2")
    assert stack.cognito.calls("token") == 2
    assert guards.visitor(ada)["signed_in"] is True
    assert guards.signed_in(ada)["isAuthorized"] is True


def test_me_renews_a_session_that_is_due_too(stack: Stack, guards: Guards, ada: Browser) -> None:
    stack.clock.advance(3600 - 1)  # the access token lives for an hour, and so does an idle session
    assert guards.signed_in(ada) == {"isAuthorized": False}
    assert ada.get("/me").status == 200
    assert guards.signed_in(ada)["isAuthorized"] is True


def test_whoever_uses_guarded_routes_only_is_not_idle(
    stack: Stack, guards: Guards, ada: Browser
) -> None:
    """The guard cannot renew the idle time, so it asks for that in good time."""
    for _ in range(6):
        stack.clock.advance(1500)
        if guards.visitor(ada)["go"]:
            ada.get(guards.visitor(ada)["go"])
        assert guards.signed_in(ada)["isAuthorized"] is True


def test_while_cognito_cannot_be_asked_nobody_goes_in_circles(
    stack: Stack, guards: Guards, ada: Browser
) -> None:
    stack.clock.advance(3500)
    ada.get("/")
    stack.clock.advance(200)
    stack.cognito.fault("token", "http_503")
    assert ada.get(guards.visitor(ada)["go"]).location == "/shop"
    assert guards.visitor(ada)["go"] == ""


def test_a_session_that_cognito_ended_leads_to_sign_in(
    stack: Stack, guards: Guards, ada: Browser
) -> None:
    stack.clock.advance(3500)
    ada.get("/")
    stack.clock.advance(200)
    stack.cognito.fault("token", "invalid_grant")
    answer = ada.get(guards.visitor(ada, path="/shop?page=2")["go"])
    assert (answer.status, answer.location) == (303, "/login?return_to=/shop%3Fpage%3D2")
    assert guards.visitor(ada)["go"] == "/login?return_to=/shop"


def test_sign_in_leads_back_to_where_the_guard_sent_a_browser_from(
    stack: Stack, guards: Guards, browser: Browser
) -> None:
    go = guards.visitor(browser, path="/shop?page=2")["go"]
    assert stack.sign_in(browser, go).location == "/shop?page=2"


@pytest.mark.parametrize(
    ("return_to", "location"),
    [
        ("/shop", "/shop"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/renew", "/"),
        ("/renew?return_to=/renew", "/"),
        ("", "/"),
    ],
)
def test_renew_leads_to_a_path_of_the_app_and_never_in_circles(
    ada: Browser, browser: Browser, return_to: str, location: str
) -> None:
    answer = ada.get(f"/renew?return_to={quote(return_to, safe='')}")
    assert (answer.status, answer.location) == (303, location)
    nobody = Browser(browser.handler, ORIGIN).get(f"/renew?return_to={quote(return_to, safe='')}")
    assert parse_qs(urlsplit(nobody.location).query) == {"return_to": [location]}
    assert urlsplit(nobody.location).path == "/login"


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
    guards: Guards,
    ada: Browser,
    headers: dict[str, str],
    passes: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert guards.signed_in(ada, method, **headers)["isAuthorized"] is passes
        assert guards.visitor(ada, method, **headers)["signed_in"] is passes
    expected = ("GuardAllowed", None) if passes else ("GuardRefused", "cross_site")
    assert counted(capsys.readouterr().out) == [expected] * 8


def test_reading_is_allowed_from_everywhere(guards: Guards, ada: Browser) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = guards.signed_in(ada, method, **{"sec-fetch-site": "cross-site"})
        assert answer["isAuthorized"] is True


def test_the_origin_is_the_domain_that_was_called_unless_the_app_has_another(
    stack: Stack, ada: Browser
) -> None:
    """Another stack's API has an address of its own; a front like CloudFront stands before all."""
    api = "a1b2c3.execute-api.eu-central-1.amazonaws.com"
    with_domain = Guards(stack, environ={"APP_URL": ORIGIN}, domain=api)
    without = Guards(stack, domain=api)
    for guards, origin, passes in (
        (with_domain, ORIGIN, True),
        (with_domain, f"https://{api}", False),
        (without, ORIGIN, False),
        (without, f"https://{api}", True),
    ):
        assert guards.signed_in(ada, "POST", origin=origin)["isAuthorized"] is passes


# Failures


def test_without_the_secret_nobody_is_let_in_or_refused(
    stack: Stack, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    """API Gateway answers 500 then: nobody knows who is signed in."""
    guards = Guards(stack, Unreachable())
    for ask in (guards.signed_in, guards.visitor):
        capsys.readouterr()
        with pytest.raises(GuardFailed, match="secret_unreachable"):
            ask(ada)
        assert counted(capsys.readouterr().out) == [("GuardFailed", "secret_unreachable")]
    line = guards.log()[-1]
    assert (line["message"], line["reason"]) == ("guard_failed", "secret_unreachable")
    assert line["correlation_id"]


def test_whoever_shows_no_session_needs_no_secret(stack: Stack, browser: Browser) -> None:
    guards = Guards(stack, Unreachable())
    assert guards.signed_in(browser) == {"isAuthorized": False}


def test_something_unexpected_is_an_error_that_quotes_nothing(stack: Stack) -> None:
    guards = Guards(stack)
    browser = Browser(lambda *_: {}, ORIGIN, {"__Host-foyer-session-1-1": "private"})
    broken = {"requestContext": {"requestId": "r"}, "cookies": ["private"], "rawPath": "/private"}
    with pytest.raises(GuardFailed) as caught:
        guards.ask_signed_in(broken, Context())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    (line,) = guards.log()
    assert (line["message"], line["error"]) == ("unexpected_error", "builtins.KeyError")
    assert "private" not in guards.log_stream.getvalue()
    assert guards.signed_in(browser) == {"isAuthorized": False}


def test_nothing_private_is_logged(
    guards: Guards, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    guards.signed_in(ada)
    guards.visitor(ada, "POST")
    printed = capsys.readouterr().out + guards.log_stream.getvalue()
    for private in ("Test Visitor", "visitor+test@example.com", *ada.cookies.values()):
        assert private not in printed


@functools.cache
def some_guard() -> Guard:
    log = Logger(service="made-up cookies", stream=io.StringIO())
    settings = CommonSettings.from_environ(environ := {"SECRET_ID": "s"})
    return build(settings, Container.of(settings, environ, source=Vault(), log=log))


NAMES = st.sampled_from(
    ["__Host-foyer-session", "__Host-foyer-session-1-0", "__Host-foyer-session-9999999999999999-9"]
)
VALUES = st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{50,80}", fullmatch=True)


@given(
    listed=st.lists(st.builds("{}={}".format, NAMES, VALUES) | st.text(max_size=40), max_size=6),
    method=st.sampled_from(["GET", "POST"]),
)
def test_nothing_that_a_browser_makes_up_passes_or_breaks_the_guard(
    listed: list[str], method: str
) -> None:
    asked = event(method, "/api", domain=DOMAIN, cookies={}, headers=OWN_PAGE)
    for made in ({**asked, "cookies": listed}, {**asked, "headers": {"Cookie": ";".join(listed)}}):
        assert signed_in(some_guard(), made, Context()) == {"isAuthorized": False}  # type: ignore[arg-type]
