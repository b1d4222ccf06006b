"""The pool's triggers run where Cognito runs them, and their refusals are shown."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local import template
from local.apps import Apps
from local.managed_login.triggers import TriggerFailed, TriggerRefused, not_run
from local.places import Places
from local.serving import App
from tests.ports import free_port
from tests.stack.gateway_project import GatewayProject
from tests.stack.login_pages import PASSWORD, Browser, LoginPages

pytestmark = pytest.mark.stack

Event = dict[str, Any]
ANSWERS = {
    "username": "ada",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "password": PASSWORD,
    "repeated": PASSWORD,
}


def refuse(_event: Event) -> Event:
    raise TriggerFailed("only on Mondays")


def passed_on(event: Event) -> Event:
    return event


def sign_up(browser: Browser, pages: LoginPages) -> None:
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS)


def sources(pages: LoginPages) -> list[str]:
    return [event["triggerSource"] for event in pages.trigger_events]


def test_signing_up_runs_pre_sign_up_and_post_confirmation(
    pages: LoginPages, browser: Browser
) -> None:
    pages.on("PreSignUp", passed_on)
    pages.on("PostConfirmation", passed_on)
    sign_up(browser, pages)
    assert sources(pages) == ["PreSignUp_SignUp"]
    browser.press("Confirm", code=browser.mailed_code())
    assert sources(pages) == ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]
    first, second = pages.trigger_events
    assert (first["userName"], first["userPoolId"]) == ("ada", pages.pool_id)
    assert first["callerContext"]["clientId"] == pages.client_id
    assert first["request"]["userAttributes"]["email"] == "ada@example.com"
    assert first["response"] == {
        "autoConfirmUser": False,
        "autoVerifyEmail": False,
        "autoVerifyPhone": False,
    }
    attributes = second["request"]["userAttributes"]
    assert attributes["sub"]
    assert attributes["email_verified"] == "true"
    assert attributes["cognito:user_status"] == "CONFIRMED"


def test_pre_sign_up_can_refuse_with_its_own_words(pages: LoginPages, browser: Browser) -> None:
    pages.on("PreSignUp", refuse)
    sign_up(browser, pages)
    assert browser.page.alert == "PreSignUp failed with error only on Mondays."
    assert pages.cognito.list_users(UserPoolId=pages.pool_id)["Users"] == []


def test_pre_sign_up_can_confirm_the_user_at_once(pages: LoginPages, browser: Browser) -> None:
    pages.on(
        "PreSignUp",
        lambda event: {**event, "response": {"autoConfirmUser": True, "autoVerifyEmail": True}},
    )
    pages.on("PostConfirmation", passed_on)
    sign_up(browser, pages)
    user = pages.user("ada")
    assert (user["status"], user["email_verified"]) == ("CONFIRMED", "true")
    assert sources(pages)[-1] == "PostConfirmation_ConfirmSignUp"
    browser.sign_in()
    assert "code" in browser.returned


def test_an_error_of_post_confirmation_is_shown_and_the_user_confirmed(
    pages: LoginPages, browser: Browser
) -> None:
    pages.on("PostConfirmation", refuse)
    sign_up(browser, pages)
    browser.press("Confirm", code=browser.mailed_code())
    assert "PostConfirmation failed with error only on Mondays." in browser.page.text
    assert pages.user("ada")["status"] == "CONFIRMED"


def test_signing_in_runs_pre_and_post_authentication(pages: LoginPages, browser: Browser) -> None:
    pages.on("PreAuthentication", passed_on)
    pages.on("PostAuthentication", passed_on)
    pages.new_user()
    browser.authorize()
    browser.sign_in(password="Wrong-horse-1")
    assert sources(pages) == ["PreAuthentication_Authentication"]
    browser.sign_in()
    assert "code" in browser.returned
    assert sources(pages)[1:] == [
        "PreAuthentication_Authentication",
        "PostAuthentication_Authentication",
    ]


def test_pre_authentication_can_refuse_a_right_password(
    pages: LoginPages, browser: Browser
) -> None:
    pages.on("PreAuthentication", refuse)
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    assert browser.page.alert == "PreAuthentication failed with error only on Mondays."
    assert not browser.left_for


def test_a_trigger_that_returns_no_event_refuses(pages: LoginPages, browser: Browser) -> None:
    pages.on("PreSignUp", lambda _: None)
    sign_up(browser, pages)
    assert browser.page.alert == "PreSignUp returned no event."


def test_triggers_that_nothing_runs_are_named() -> None:
    functions = {"PreSignUp": "a", "PreTokenGenerationConfig:V2_0": "b", "UserMigration": "c"}
    assert not_run(functions) == ["UserMigration"]


# -- Behind the pages: a function of the gateway's ----------------------------------------------


@pytest.fixture
def app(project: GatewayProject) -> Iterator[App]:
    """With the project's function as PreSignUp, in a loop of its own."""
    project.write(
        "if event['userName'] == 'raise': raise ValueError('not today')\n"
        "return {**event, 'response': {'autoConfirmUser': True}}"
    )
    api = template.read(project.template)
    places = Places("127.0.0.1", free_port())
    places.data.mkdir(parents=True, exist_ok=True)
    made = App(places, Apps((api,), api.functions, {"PreSignUp": "Web"}, ()), {}, "text")
    with ThreadPoolExecutor() as threads:
        loop = asyncio.new_event_loop()
        running = threads.submit(loop.run_forever)
        asyncio.run_coroutine_threadsafe(made.gateway.start(), loop).result(20)
        yield made
        asyncio.run_coroutine_threadsafe(made.gateway.stop(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        running.result(20)
        loop.close()
    made.close()
    shutil.rmtree(places.data)


def run(app: App, username: str) -> Any:
    return app.triggers.run(
        "PreSignUp_SignUp", user_pool_id="p", client_id="c", username=username, attributes={}
    )


def test_a_trigger_is_a_function_behind_the_gateway(app: App) -> None:
    assert run(app, "ada") == {"autoConfirmUser": True}
    with pytest.raises(TriggerRefused) as refused:
        run(app, "raise")
    assert refused.value.message == "PreSignUp failed with error not today."
