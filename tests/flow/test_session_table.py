"""Sessions in a table: over at once, everywhere; one part alone opens nothing."""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from foyer.errors import SealBroken
from foyer.sealing import KeyRing

from tests.fake_cognito import User
from tests.fake_cognito_api import SCOPE
from tests.flow.browser import Browser
from tests.flow.conftest import Stack, environment, owner
from tests.wire_faults import WIRE_FAULTS, Fault, refusal

pytestmark = pytest.mark.sessions("table")

RENEWAL, ACCESS_TOKEN = 360, 900  # seconds
THROTTLED = refusal("ThrottlingException")


@pytest.fixture
def ada(stack: Stack) -> Browser:
    stack.cognito.access_token_seconds = ACCESS_TOKEN
    stack.cognito.refresh_token_rotation = True  # and no grace: each token works once
    return stack.signed_in()


def test_every_session_has_an_id_of_its_own_that_stays(stack: Stack, ada: Browser) -> None:
    before, other = dict(ada.cookies), stack.signed_in()
    assert {*before.values()} != {*other.cookies.values()}
    assert len(stack.sessions.rows()) == 2
    for _ in range(5):
        stack.clock.advance(ACCESS_TOKEN)
        assert ada.get("/").cookies == ()
    assert ada.cookies == before
    assert stack.cognito.calls("token") == 7
    assert stack.sessions.asked["GetItem"]["ConsistentRead"] is True, "as it is at that moment"


def test_a_new_sign_in_and_a_sign_out_end_every_copy_at_once(stack: Stack, ada: Browser) -> None:
    first = stack.copy_of(ada)
    assert first.is_signed_in
    stack.sign_in(ada)
    second = stack.copy_of(ada)
    assert (first.is_signed_in, second.is_signed_in) == (False, True)
    assert stack.cognito.calls("revoke") == 1
    ada.post("/logout")
    assert not second.is_signed_in
    assert stack.sessions.rows() == []
    assert stack.cognito.calls("revoke") == 2


def test_signing_out_everywhere_ends_all_sessions_of_the_user_at_once(stack: Stack) -> None:
    here, there = owner(stack), owner(stack)
    assert "on all other devices immediately" in here.get("/account/sign-out-everywhere").body
    here.submit("/account/sign-out-everywhere")
    assert "For up to an hour, other devices may" in here.get("/").body
    assert not there.is_signed_in
    assert stack.sessions.rows() == []


def test_a_user_whom_cognito_refuses_is_signed_out_everywhere(stack: Stack, ada: Browser) -> None:
    copy = stack.copy_of(ada)
    stack.cognito.user.enabled = False
    stack.clock.advance(ACCESS_TOKEN)
    assert not ada.is_signed_in
    assert stack.sessions.row()["sealed"] == {"S": ""}
    assert int(stack.sessions.row()["expires_at"]["N"]) <= stack.clock.now(), "deleted soon"
    assert not copy.is_signed_in
    assert stack.reasons("session_not_usable")[0] == "not_in_table"


# The list of a user's sessions

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def on_device(stack: Stack, user_agent: str = "") -> Browser:
    stack.cognito.scopes = ("openid", "email", "profile", SCOPE)
    browser = stack.browser(**environment(stack))
    browser.get(stack.callback(browser), **{"user-agent": user_agent})
    return browser


Devices = tuple[Browser, Browser, Browser]


@pytest.fixture
def devices(stack: Stack) -> Devices:
    """This one, and two others of the same user."""
    return on_device(stack, FIREFOX), on_device(stack), on_device(stack)


def keys_on(page: str) -> list[str]:
    return re.findall(r'name="session" value="([0-9a-f]+)"', page)


def test_the_account_page_lists_and_ends_sessions(stack: Stack, devices: Devices) -> None:
    here, *others = devices
    page = re.sub(r"</?bdi>", "", here.get("/account").body)
    assert "Firefox, Linux (this device)" in page
    assert page.count("Unknown device</dt>") == 2
    moment = f"{datetime.fromtimestamp(stack.clock.now(), UTC):%Y-%m-%d %H:%M} UTC"
    assert page.count(f"Signed in {moment}, last seen {moment}") == 3
    key, _ = keys_on(page)
    assert here.submit("/account/devices", session=key).location == "/account"
    assert "That device has been signed out." in here.get("/account").body
    assert sorted(each.is_signed_in for each in others) == [False, True]
    here.submit("/account/devices")
    page = here.get("/account").body
    assert "All other devices have been signed out." in page
    assert "Sign out all other devices" not in page
    assert [each.is_signed_in for each in devices] == [True, False, False]


def test_sessions_of_other_users_are_out_of_reach(stack: Stack, devices: Devices) -> None:
    key, _ = keys_on(devices[0].get("/account").body)
    stack.cognito.user = User(username="mallory")
    mallory = on_device(stack)
    assert keys_on(mallory.get("/account").body) == []
    mallory.submit("/account/devices", session=key)
    mallory.submit("/account/devices")
    assert all(each.is_signed_in for each in devices)
    for _ in range(4):
        stack.clock.advance(900)
        assert devices[0].is_signed_in
    assert len(stack.sessions.rows()) == 4
    assert keys_on(devices[0].get("/account").body) == []


@pytest.mark.sessions("cookie")
def test_without_a_table_there_is_no_list(stack: Stack) -> None:
    assert "Where you are signed in" not in on_device(stack).get("/account").body


# A part alone: the table, the session key, or the cookie


def opened_row(stack: Stack, browser: Browser, **how: str) -> Any:
    (name,) = browser.cookies
    keys, sealed = KeyRing([stack.vault.fields["session_key"]]), stack.sessions.row()["sealed"]["S"]
    return json.loads(keys.open(sealed, purpose="row 1", cookie=name, now=stack.clock.now(), **how))


def test_the_table_shows_nothing_and_with_the_key_opens_nothing(stack: Stack, ada: Browser) -> None:
    shown = json.dumps(stack.sessions.row())
    user = stack.cognito.user
    for private in (user.sub, user.email, user.name, *ada.cookies.values()):
        assert private not in shown
    assert not any(token in shown for token in stack.cognito.handed_out)
    with pytest.raises(SealBroken):
        opened_row(stack, ada)


def test_an_access_token_is_kept_only_if_the_guard_passes_it_on(stack: Stack) -> None:
    kept = []
    for choice in ("false", "true"):
        browser = stack.signed_in(PASS_ACCESS_TOKEN=choice)
        (session_id,) = browser.cookies.values()
        kept.append(opened_row(stack, browser, only_with=session_id)["access_token"])
        stack.sessions.empty()
    last = stack.cognito.requests["userinfo"][-1].headers["Authorization"]
    assert kept == [None, last.removeprefix("Bearer ")]


def test_a_row_that_is_gone_or_malformed_opens_nothing(stack: Stack, ada: Browser) -> None:
    stack.sessions.put(id=stack.sessions.row()["id"])
    assert not stack.copy_of(ada).is_signed_in
    stack.sessions.empty()
    assert not ada.is_signed_in
    assert ada.cookies == {}
    assert stack.reasons("session_not_usable") == ["row_malformed", "not_in_table"]


def test_a_row_moved_under_another_id_opens_nothing(stack: Stack, ada: Browser) -> None:
    victim = stack.sessions.row()
    stack.sessions.empty()
    stack.cognito.user.name = "Mallory"
    mallory = stack.signed_in()
    # The names of both cookies must be equal too, or that alone would be noticed.
    mallory.cookies = dict(zip(ada.cookies, mallory.cookies.values(), strict=True))
    stack.sessions.put(**victim | {"id": stack.sessions.row()["id"]})
    assert not mallory.is_signed_in


def test_a_refresh_seals_with_the_new_session_key(stack: Stack, ada: Browser) -> None:
    stack.vault.rotate_session_key()
    stack.clock.advance(ACCESS_TOKEN)
    assert stack.copy_of(ada).is_signed_in
    stack.vault.put(previous_session_key="")
    assert stack.copy_of(ada).is_signed_in
    stack.vault.put(session_key=secrets.token_urlsafe(48))
    assert not stack.copy_of(ada).is_signed_in


# Concurrent requests, in containers whose clocks may be minutes fast or slow


class First(requests.Session):
    """Does something before Cognito is asked."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self._act()
        return super().request(*args, **kwargs)


MINUTES = pytest.mark.parametrize("seconds", [-240, 0, 240])


@pytest.mark.parametrize(
    ("seconds", "update"), [(RENEWAL, 1), (ACCESS_TOKEN, 1), (ACCESS_TOKEN, 2)]
)
def test_a_session_that_ends_before_its_renewal_lock_or_refresh_is_written_stays_over(
    stack: Stack, ada: Browser, seconds: int, update: int
) -> None:
    asked: list[str] = []

    def end(operation: str) -> None:
        asked.append(operation)
        if operation == "UpdateItem" and asked.count(operation) == update:
            stack.sessions.empty()

    stack.clock.advance(seconds)
    stack.sessions.before = end
    assert not ada.is_signed_in
    assert asked.count("UpdateItem") == update
    assert stack.sessions.rows() == []


def test_a_session_that_cognito_ends_before_its_renewal_is_written_stays_over(
    stack: Stack, ada: Browser
) -> None:
    def end(operation: str) -> None:
        if operation == "UpdateItem":
            stack.sessions.put(**{**stack.sessions.row(), "sealed": {"S": ""}})

    stack.clock.advance(RENEWAL)
    stack.sessions.before = end
    assert not ada.is_signed_in


@MINUTES
@pytest.mark.parametrize("is_wrong_first", [True, False])
def test_during_a_refresh_others_serve_the_session_whatever_the_clocks_say(
    stack: Stack, ada: Browser, seconds: int, is_wrong_first: bool
) -> None:
    wrong = replace(stack, seconds_fast=seconds)
    first, second = (wrong, stack) if is_wrong_first else (stack, wrong)
    other = second.copy_of(ada)
    assert other.is_signed_in
    stack.clock.advance(ACCESS_TOKEN)
    seen: list[bool] = []
    ada.handler = first.app(First(lambda: seen.append(other.is_signed_in)))
    assert ada.is_signed_in
    assert seen[:1] == [True]
    assert stack.cognito.calls("token") == 2


@MINUTES
def test_the_lock_of_a_dead_container_expires(stack: Stack, ada: Browser, seconds: int) -> None:
    dying = replace(stack, seconds_fast=seconds).app(First(sys.exit))
    stack.clock.advance(ACCESS_TOKEN)
    with pytest.raises(SystemExit):
        Browser(dying, ada.origin, dict(ada.cookies)).get("/me")
    for later, calls in ((0, 1), (12, 1), (4, 2)):
        stack.clock.advance(later)
        assert ada.is_signed_in
        assert stack.cognito.calls("token") == calls


def test_a_refresh_between_read_and_lock_is_not_repeated(stack: Stack, ada: Browser) -> None:
    stack.clock.advance(ACCESS_TOKEN)
    other = stack.copy_of(ada)

    def overtake(operation: str) -> None:
        if operation == "UpdateItem":
            stack.sessions.before = lambda _: None
            assert other.is_signed_in

    stack.sessions.before = overtake
    assert ada.is_signed_in
    assert stack.cognito.calls("token") == 2
    assert stack.logged("session_ended") == []


@pytest.mark.parametrize(("seconds", "status"), [(2, 200), (15, 503)])
def test_a_request_waits_for_a_refresh_under_way(stack: Stack, seconds: int, status: int) -> None:
    browser = owner(stack)
    locked_until = {"N": str(int(stack.clock.now()) + seconds)}
    stack.sessions.put(**stack.sessions.row(), lock_id={"S": "x"}, locked_until=locked_until)
    assert browser.get("/account").status == status
    assert stack.reasons() == ["refresh_under_way"] * (status == 503)


@pytest.mark.parametrize("seconds", [-240, 240])
def test_a_wrong_clock_changes_no_sessions_life(stack: Stack, ada: Browser, seconds: int) -> None:
    wrong = replace(stack, seconds_fast=seconds).copy_of(ada)
    assert wrong.is_signed_in
    assert "UpdateItem" not in stack.sessions.asked, "not at each request"
    for _ in range(12):
        stack.clock.advance(RENEWAL)
        assert wrong.is_signed_in
        assert abs(int(stack.sessions.row()["seen_at"]["N"]) - stack.clock.now()) <= 2
        assert ada.is_signed_in
    used = [call.form.get("refresh_token") for call in stack.cognito.requests["token"][1:]]
    assert len(used) == len(set(used))
    assert stack.logged("session_ended") == []
    stack.cognito.fault("token", "http_503")
    stack.clock.advance(3590)
    assert stack.copy_of(ada).is_signed_in
    stack.clock.advance(3610)
    assert not wrong.is_signed_in


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Nov 2026 00:00:00 GMT"])
def test_an_unreadable_time_of_the_table_is_left_alone(
    stack: Stack, ada: Browser, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    monkeypatch.setattr("tests.fake_dynamodb.formatdate", lambda *_args, **_named: date)
    stack.clock.advance(ACCESS_TOKEN)
    assert ada.is_signed_in
    assert stack.cognito.calls("token") == 2


# A table that cannot be reached


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (THROTTLED, "table_throttled"),
        (refusal("ProvisionedThroughputExceededException"), "table_throttled"),
        (refusal("AccessDeniedException"), "table_denied"),
        (refusal("ResourceNotFoundException"), "table_not_found"),
        (refusal("ValidationException"), "table_refused"),
        (refusal("InternalServerError", 500), "table_unreachable"),
        (WIRE_FAULTS["reset"], "table_unreachable"),
    ],
)
def test_while_the_table_cannot_be_read_sessions_neither_end_nor_open(
    stack: Stack, ada: Browser, fault: Fault, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(ada.cookies)
    stack.sessions.faults[""] = fault
    for path in ("/", "/me"):
        answer = ada.get(path)
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert stack.cognito.user.email not in answer.body
    assert ada.cookies == before
    assert stack.reasons() == [reason] * 2
    assert '"TableFailed":[1.0]' in capsys.readouterr().out
    stack.sessions.faults.clear()
    assert ada.is_signed_in


@pytest.mark.parametrize("seconds", [RENEWAL, ACCESS_TOKEN])
def test_a_table_that_can_only_be_read_serves(stack: Stack, ada: Browser, seconds: int) -> None:
    stack.sessions.faults["UpdateItem"] = THROTTLED
    stack.clock.advance(seconds)
    assert ada.is_signed_in
    stack.clock.advance(3600 - seconds)
    assert not ada.is_signed_in


def test_a_lost_sign_in_or_sign_out_says_so(stack: Stack, ada: Browser, browser: Browser) -> None:
    stack.sessions.faults |= {"PutItem": THROTTLED, "DeleteItem": THROTTLED}
    assert stack.sign_in(browser).status == 503
    assert browser.named("session") == {}
    assert (ada.post("/logout").status, ada.named("session")) == (503, {})
    assert stack.reasons() == ["table_throttled", "sign_out_incomplete"]


@pytest.mark.parametrize("path", ["/account/sign-out-everywhere", "/account/delete"])
def test_what_cognito_has_done_is_said_although_the_table_fails(stack: Stack, path: str) -> None:
    here, there = owner(stack), owner(stack)
    stack.sessions.faults["Query"] = THROTTLED
    here.submit(path, username=stack.cognito.user.email)
    stack.sessions.faults.clear()
    said = here.get("/").body
    assert "can take up to an hour" in said or "Your account has been deleted." in said
    assert len(stack.logged("session_still_in_table")) == 1
    stack.clock.advance(stack.cognito.access_token_seconds)
    assert not there.is_signed_in


def test_an_ended_session_is_over_even_if_its_row_stays(stack: Stack, ada: Browser) -> None:
    copy = stack.copy_of(ada)
    stack.cognito.user.enabled = False
    stack.clock.advance(ACCESS_TOKEN)
    ada.handler = stack.app(First(lambda: stack.sessions.faults.update(UpdateItem=THROTTLED)))
    assert not ada.is_signed_in
    assert len(stack.logged("session_still_in_table")) == 1
    stack.sessions.faults.clear()
    stack.clock.advance(15)
    assert not copy.is_signed_in


def test_after_a_switch_users_sign_in_again(stack: Stack, ada: Browser) -> None:
    in_cookie = stack.copy_of(ada, SESSION_TABLE="")
    assert not in_cookie.is_signed_in
    assert in_cookie.cookies == {}
    stack.sign_in(in_cookie)
    in_table = stack.copy_of(in_cookie)
    assert not in_table.is_signed_in
    assert in_table.cookies == {}
