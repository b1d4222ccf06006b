"""Sessions in a table: over at once, everywhere; one part alone opens nothing."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from foyer.errors import SealBroken
from foyer.sealing import KeyRing

from tests.fake_cognito import User
from tests.fake_cognito_api import SCOPE
from tests.fake_dynamodb import refusal
from tests.flow.account import environment
from tests.flow.browser import Browser
from tests.flow.conftest import Stack
from tests.wire_faults import WIRE_FAULTS

pytestmark = pytest.mark.sessions("table")

RENEWAL, ACCESS_TOKEN = 360, 900  # seconds


@pytest.fixture
def owner(stack: Stack) -> Browser:
    stack.cognito.access_token_seconds = ACCESS_TOKEN
    stack.cognito.refresh_token_rotation = True  # and no grace: each token works once
    browser = stack.browser()
    stack.sign_in(browser)
    return browser


def copy_of(stack: Stack, browser: Browser, **environ: str) -> Browser:
    """Another browser, in front of another container, with the same cookies."""
    copy = stack.browser(**environ)
    copy.cookies = dict(browser.cookies)
    return copy


def serves(browser: Browser) -> bool:
    return browser.get("/me").status == 200


def test_the_cookie_stays_the_same(stack: Stack, owner: Browser) -> None:
    before = dict(owner.cookies)
    for _ in range(5):
        stack.clock.advance(ACCESS_TOKEN)
        assert owner.get("/").cookies == ()
    assert owner.cookies == before
    assert stack.cognito.calls("token") == 6


def test_every_session_has_an_id_of_its_own(stack: Stack, owner: Browser) -> None:
    other = stack.browser()
    stack.sign_in(other)
    assert len({*owner.cookies.values(), *other.cookies.values()}) == 2
    assert len(stack.sessions.rows()) == 2


def test_sign_out_ends_every_copy_at_once(stack: Stack, owner: Browser) -> None:
    thief = copy_of(stack, owner)
    assert serves(thief)
    owner.post("/logout")
    assert not serves(thief)
    assert stack.sessions.rows() == []
    assert stack.cognito.calls("revoke") == 1


def test_a_new_sign_in_ends_every_copy_of_the_session_before(stack: Stack, owner: Browser) -> None:
    thief = copy_of(stack, owner)
    stack.sign_in(owner)
    assert serves(owner)
    assert not serves(thief)
    assert stack.cognito.calls("revoke") == 1


def test_signing_out_everywhere_ends_all_sessions_of_the_user_at_once(stack: Stack) -> None:
    stack.cognito.scopes = (*stack.cognito.scopes, SCOPE)
    here, there = (stack.browser(**environment(stack)) for _ in range(2))
    for browser in (here, there):
        stack.sign_in(browser)
    here.submit("/account/sign-out-everywhere")
    assert not serves(there)
    assert stack.sessions.rows() == []


def test_whom_cognito_refuses_is_out_everywhere(stack: Stack, owner: Browser) -> None:
    copy = copy_of(stack, owner)
    stack.cognito.user.enabled = False
    stack.clock.advance(ACCESS_TOKEN)
    assert not serves(owner)
    assert stack.sessions.row()["sealed"] == {"S": ""}
    assert int(stack.sessions.row()["expires_at"]["N"]) <= stack.clock.now(), "deleted soon"
    assert not serves(copy)
    assert stack.logged("session_not_usable")[0]["reason"] == "not_in_table"


# The list of a user's sessions

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def signed_in(stack: Stack, user_agent: str = "") -> Browser:
    browser = stack.browser(**environment(stack))
    callback = stack.cognito.visit(browser.get("/login").location)
    browser.get(callback, **{"user-agent": user_agent})
    return browser


@pytest.fixture
def devices(stack: Stack) -> tuple[Browser, Browser, Browser]:
    """This one, and two others of the same user."""
    stack.cognito.scopes = (*stack.cognito.scopes, SCOPE)
    return signed_in(stack, FIREFOX), signed_in(stack), signed_in(stack)


def keys_on(page: str) -> list[str]:
    return re.findall(r'name="session" value="([0-9a-f]+)"', page)


def test_the_account_page_lists_where_the_user_is_signed_in(
    stack: Stack, devices: tuple[Browser, Browser, Browser]
) -> None:
    page = re.sub(r"</?bdi>", "", devices[0].get("/account").body)
    assert "Firefox, Linux (this device)" in page
    assert page.count("Unknown device</dt>") == 2
    assert len(keys_on(page)) == 2
    moment = f"{datetime.fromtimestamp(stack.clock.now(), UTC):%Y-%m-%d %H:%M} UTC"
    assert page.count(f"Signed in {moment}, last seen {moment}") == 3


def test_a_user_ends_one_session_of_the_list(devices: tuple[Browser, Browser, Browser]) -> None:
    here, *others = devices
    key, _ = keys_on(here.get("/account").body)
    assert here.submit("/account/devices", session=key).location == "/account"
    assert "That device has been signed out." in here.get("/account").body
    assert serves(here)
    assert sorted(map(serves, others)) == [False, True]


def test_a_user_ends_all_sessions_but_this_one(devices: tuple[Browser, Browser, Browser]) -> None:
    here, *others = devices
    here.submit("/account/devices")
    page = here.get("/account").body
    assert "All other devices have been signed out." in page
    assert "Sign out all other devices" not in page
    assert [serves(each) for each in others] == [False, False]


def test_nobody_sees_or_ends_the_sessions_of_somebody_else(
    stack: Stack, devices: tuple[Browser, Browser, Browser]
) -> None:
    key, _ = keys_on(devices[0].get("/account").body)
    stack.cognito.user = User(username="mallory")
    mallory = signed_in(stack)
    assert keys_on(mallory.get("/account").body) == []
    mallory.submit("/account/devices", session=key)
    mallory.submit("/account/devices")
    assert all(serves(each) for each in devices)


def test_a_session_that_is_over_is_not_listed(
    stack: Stack, devices: tuple[Browser, Browser, Browser]
) -> None:
    for _ in range(4):
        stack.clock.advance(900)
        serves(devices[0])
    assert len(stack.sessions.rows()) == 3
    assert keys_on(devices[0].get("/account").body) == []


@pytest.mark.sessions("cookie")
def test_without_a_table_there_is_no_list(stack: Stack) -> None:
    stack.cognito.scopes = (*stack.cognito.scopes, SCOPE)
    assert "Where you are signed in" not in signed_in(stack).get("/account").body


# What a part alone is worth


def test_the_table_shows_neither_who_it_is_about_nor_the_cookie(
    stack: Stack, owner: Browser
) -> None:
    shown = json.dumps(stack.sessions.row())
    user = stack.cognito.user
    for private in (user.sub, user.email, user.name, *owner.cookies.values()):
        assert private not in shown
    assert not any(token in shown for token in stack.cognito.handed_out)


def test_the_table_and_the_session_key_open_nothing_without_the_cookie(
    stack: Stack, owner: Browser
) -> None:
    (name,) = owner.cookies
    keys = KeyRing([stack.secret()["session_key"]])
    sealed = stack.sessions.row()["sealed"]["S"]
    with pytest.raises(SealBroken):
        keys.open(sealed, purpose="row 1", cookie=name, now=stack.clock.now())


def test_the_cookie_without_its_row_opens_nothing(stack: Stack, owner: Browser) -> None:
    stack.sessions.empty()
    assert not serves(owner)
    assert owner.cookies == {}


def test_a_row_moved_under_another_id_opens_nothing(stack: Stack, owner: Browser) -> None:
    victim = stack.sessions.row()
    stack.sessions.empty()
    stack.cognito.user.name = "Mallory"
    mallory = stack.browser()
    stack.sign_in(mallory)
    # The names of both cookies must be equal too, or that alone would be noticed.
    mallory.cookies = dict(zip(owner.cookies, mallory.cookies.values(), strict=True))
    stack.sessions.put({**victim, "id": stack.sessions.row()["id"]})
    assert not serves(mallory)


def test_a_row_that_something_else_has_written_opens_nothing(stack: Stack, owner: Browser) -> None:
    stack.sessions.put({"id": stack.sessions.row()["id"]})
    assert not serves(owner)
    assert stack.logged("session_not_usable")[0]["reason"] == "row_malformed"


def test_a_row_that_is_deleted_late_is_no_session(stack: Stack, owner: Browser) -> None:
    stack.clock.advance(3599)
    stack.cognito.fault("token", "http_500")
    assert serves(copy_of(stack, owner))
    stack.clock.advance(3600)
    assert not serves(copy_of(stack, owner)), "idle for an hour"
    stack.clock.advance(48 * 3600)
    assert not serves(owner), "and long after its end"
    assert len(stack.sessions.rows()) == 1


def test_an_access_token_is_kept_only_if_the_guard_passes_it_on(stack: Stack) -> None:
    kept = []
    for choice in ("false", "true"):
        browser = stack.browser(PASS_ACCESS_TOKEN=choice)
        stack.sign_in(browser)
        ((name, session_id),) = browser.cookies.items()
        keys = KeyRing([stack.secret()["session_key"]])
        opened = keys.open(
            stack.sessions.row()["sealed"]["S"],
            purpose="row 1",
            cookie=name,
            now=stack.clock.now(),
            only_with=session_id,
        )
        kept.append(json.loads(opened)["access_token"])
        stack.sessions.empty()
    last = stack.cognito.requests["userinfo"][-1].headers["Authorization"]
    assert kept == [None, last.removeprefix("Bearer ")]


def test_a_replaced_session_key_still_opens_and_a_refresh_seals_with_the_new_one(
    stack: Stack, owner: Browser
) -> None:
    before = stack.secret()["session_key"]
    stack.put_secret(session_key=secrets.token_urlsafe(48), previous_session_key=before)
    stack.clock.advance(ACCESS_TOKEN)
    owner = copy_of(stack, owner)
    assert serves(owner)
    stack.put_secret(previous_session_key="")
    assert serves(copy_of(stack, owner))


def test_another_session_key_opens_nothing(stack: Stack, owner: Browser) -> None:
    stack.put_secret(session_key=secrets.token_urlsafe(48), previous_session_key="")
    assert not serves(copy_of(stack, owner))


# Requests side by side


def test_the_table_is_read_as_it_is_at_that_moment(stack: Stack, owner: Browser) -> None:
    serves(owner)
    assert stack.sessions.asked["GetItem"]["ConsistentRead"] is True


@pytest.mark.parametrize("seconds", [RENEWAL, ACCESS_TOKEN])
def test_a_session_that_ends_between_read_and_write_stays_over(
    stack: Stack, owner: Browser, seconds: int
) -> None:
    stack.clock.advance(seconds)
    stack.sessions.before = lambda asked: stack.sessions.empty() if asked == "UpdateItem" else None
    assert not serves(owner)
    assert stack.sessions.rows() == []


def test_a_session_that_ends_during_its_refresh_stays_over(stack: Stack, owner: Browser) -> None:
    stack.clock.advance(ACCESS_TOKEN)
    owner.handler = stack.app(Then(stack.sessions.empty))
    assert not serves(owner)
    assert stack.sessions.rows() == []


class Then(requests.Session):
    """Does something after Cognito has answered, or before with ``first``."""

    def __init__(self, act: Any, *, first: bool = False) -> None:
        super().__init__()
        self._act = act
        self._first = first

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        if self._first:
            self._act()
        answer = super().request(*args, **kwargs)
        if not self._first:
            self._act()
        return answer


class Died(BaseException):
    """The container is gone in the middle of a request."""


def test_while_one_container_refreshes_others_serve_the_session_as_it_is(
    stack: Stack, owner: Browser
) -> None:
    stack.clock.advance(ACCESS_TOKEN)
    other = copy_of(stack, owner)
    seen: list[bool] = []
    owner.handler = stack.app(Then(lambda: seen.append(serves(other)), first=True))
    assert serves(owner)
    assert seen[0] is True
    assert stack.cognito.calls("token") == 2
    stack.clock.advance(ACCESS_TOKEN)
    assert serves(other)


def test_a_container_that_dies_during_a_refresh_holds_it_up_for_seconds_only(
    stack: Stack, owner: Browser
) -> None:
    def die() -> None:
        raise Died

    stack.clock.advance(ACCESS_TOKEN)
    dying = stack.app(Then(die, first=True))
    with pytest.raises(Died):
        Browser(dying, owner.origin, dict(owner.cookies)).get("/me")
    assert serves(owner)
    stack.clock.advance(14)
    assert serves(owner)
    assert stack.cognito.calls("token") == 1, "the lock of the dead container holds"
    stack.clock.advance(1)
    assert serves(owner)
    assert stack.cognito.calls("token") == 2, "and is taken over"


def test_a_refresh_between_read_and_lock_is_not_repeated(stack: Stack, owner: Browser) -> None:
    stack.clock.advance(ACCESS_TOKEN)
    other = copy_of(stack, owner)

    def overtake(operation: str) -> None:
        if operation == "UpdateItem":
            stack.sessions.before = lambda _: None
            assert serves(other)

    stack.sessions.before = overtake
    assert serves(owner)
    assert stack.cognito.calls("token") == 2
    assert stack.logged("session_ended") == []


def test_whoever_needs_an_access_token_waits_for_the_other_refresh(stack: Stack) -> None:
    stack.cognito.scopes = (*stack.cognito.scopes, SCOPE)
    stack.cognito.refresh_token_rotation = True
    browser = stack.browser(**environment(stack))
    stack.sign_in(browser)
    row = stack.sessions.row()
    locked_until = {"N": str(int(stack.clock.now()) + 2)}
    stack.sessions.put({**row, "lock_id": {"S": "another"}, "locked_until": locked_until})
    assert browser.get("/account").status == 200
    row = stack.sessions.row()
    locked_until = {"N": str(int(stack.clock.now()) + 15)}
    stack.sessions.put({**row, "lock_id": {"S": "another"}, "locked_until": locked_until})
    assert browser.get("/account").status == 503
    assert stack.logged("request_failed")[0]["reason"] == "refresh_under_way"


# A table that cannot be reached

TABLE_FAULTS = {
    "ThrottlingException": "table_throttled",
    "ProvisionedThroughputExceededException": "table_throttled",
    "AccessDeniedException": "table_denied",
    "ResourceNotFoundException": "table_not_found",
    "ValidationException": "table_refused",
}


@pytest.mark.parametrize(("code", "reason"), TABLE_FAULTS.items())
def test_while_the_table_cannot_be_read_nobody_is_signed_out_or_let_in(
    stack: Stack, owner: Browser, code: str, reason: str
) -> None:
    before = dict(owner.cookies)
    stack.sessions.faults["GetItem"] = refusal(code)
    for path in ("/", "/me"):
        answer = owner.get(path)
        assert answer.status == 503
        assert answer.headers["retry-after"]
        assert stack.cognito.user.email not in answer.body
    assert owner.cookies == before
    assert stack.logged("request_failed")[0]["reason"] == reason
    stack.sessions.faults.clear()
    assert serves(owner)


@pytest.mark.parametrize("fault", ["hang", "reset", "garbage", "http_500", "truncated"])
def test_a_table_that_answers_badly_or_not_at_all_is_unreachable(
    stack: Stack, owner: Browser, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.sessions.faults[""] = WIRE_FAULTS[fault]
    assert owner.get("/me").status == 503
    assert '"TableFailed":[1.0]' in capsys.readouterr().out
    assert stack.logged("request_failed")[0]["reason"] == "table_unreachable"
    stack.sessions.faults.clear()
    assert serves(owner)


@pytest.mark.parametrize("seconds", [RENEWAL, ACCESS_TOKEN])
def test_a_table_that_can_only_be_read_serves_sessions_until_their_idle_limit(
    stack: Stack, owner: Browser, seconds: int
) -> None:
    stack.sessions.faults["UpdateItem"] = refusal("ThrottlingException")
    stack.clock.advance(seconds)
    assert serves(owner)
    stack.clock.advance(3600 - seconds)
    assert not serves(owner)


def test_a_sign_in_that_cannot_be_kept_fails_and_leaves_no_cookie(stack: Stack) -> None:
    stack.sessions.faults["PutItem"] = refusal("ThrottlingException")
    browser = stack.browser()
    assert stack.sign_in(browser).status == 503
    assert browser.named("session") == {}


def test_a_sign_out_that_the_table_does_not_hear_of_says_so(stack: Stack, owner: Browser) -> None:
    stack.sessions.faults["DeleteItem"] = refusal("ThrottlingException")
    answer = owner.post("/logout")
    assert (answer.status, owner.named("session")) == (503, {})
    assert stack.logged("request_failed")[0]["reason"] == "sign_out_incomplete"


def test_a_session_that_cognito_ended_is_over_although_its_row_cannot_be_written(
    stack: Stack, owner: Browser
) -> None:
    def fail() -> None:
        stack.sessions.faults["UpdateItem"] = refusal("ThrottlingException")

    copy = copy_of(stack, owner)
    stack.cognito.user.enabled = False
    stack.clock.advance(ACCESS_TOKEN)
    owner.handler = stack.app(Then(fail))
    assert not serves(owner)
    assert len(stack.logged("session_still_in_table")) == 1
    stack.sessions.faults.clear()
    stack.clock.advance(15)
    assert not serves(copy)


# From one place to the other


def test_after_a_switch_everybody_signs_in_again(stack: Stack, owner: Browser) -> None:
    in_cookie = stack.browser(SESSION_TABLE="")
    in_cookie.cookies = dict(owner.cookies)
    assert not serves(in_cookie)
    assert in_cookie.cookies == {}
    stack.sign_in(in_cookie)
    in_table = copy_of(stack, in_cookie)
    assert not serves(in_table)
    assert in_table.cookies == {}
    stack.sign_in(in_table)
    assert serves(in_table)
