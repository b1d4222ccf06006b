"""The pool's triggers run where Cognito runs them, and their refusals are shown."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any

import pytest
import requests

from local import template
from local.apps import Apps
from local.managed_login.triggers import UNREADABLE, TriggerRefused
from local.places import Places
from local.serving import App
from tests.ports import free_port
from tests.stack.gateway_project import GatewayProject
from tests.stack.login_pages import Event, Pages, Visitor, refuse


def test_triggers_run_where_cognito_runs_them(pages: Pages, visitor: Visitor) -> None:
    for name in ("PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication"):
        pages.on(name)
    visitor.sign_up()
    assert pages.sources == ["PreSignUp_SignUp"]
    visitor.press("Confirm", code=visitor.mailed_code())
    assert pages.sources[1:] == ["PostConfirmation_ConfirmSignUp"]
    visitor.submit(password="Wrong-horse-1")
    assert pages.sources[2:] == ["PreAuthentication_Authentication"]
    visitor.submit()
    assert visitor.code
    pre_and_post = ["PreAuthentication_Authentication", "PostAuthentication_Authentication"]
    assert pages.sources[3:] == pre_and_post
    first, second = pages.trigger_events[:2]
    assert (first["userName"], first["userPoolId"]) == ("ada", pages.pool_id)
    assert first["callerContext"]["clientId"] == pages.client_id
    assert first["request"]["userAttributes"]["email"] == "ada@example.com"
    wishes = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
    assert first["response"] == dict.fromkeys(wishes, False)
    attributes = second["request"]["userAttributes"]
    assert attributes["sub"]
    assert attributes["email_verified"] == "true"
    assert attributes["cognito:user_status"] == "CONFIRMED"


def test_pre_sign_up_can_confirm_the_user_at_once(pages: Pages, visitor: Visitor) -> None:
    wishes = {"response": {"autoConfirmUser": True, "autoVerifyEmail": True}}
    pages.on("PreSignUp", lambda event: event | wishes)
    pages.on("PostConfirmation")
    visitor.sign_up()
    user = pages.user()
    assert (user["status"], user["email_verified"]) == ("CONFIRMED", "true")
    assert pages.sources[-1] == "PostConfirmation_ConfirmSignUp"
    visitor.submit()
    assert visitor.code


def test_refusals_are_shown_in_the_functions_words(pages: Pages, visitor: Visitor) -> None:
    why = "failed with error only on Mondays."
    pages.on("PreSignUp", lambda _: None)
    assert visitor.sign_up().alert == "PreSignUp returned no event."
    pages.on("PreSignUp", refuse)
    assert visitor.sign_up().alert == f"PreSignUp {why}"
    assert pages.cognito.list_users(UserPoolId=pages.pool_id)["Users"] == []
    pages.on("PreSignUp")
    pages.on("PostConfirmation", refuse)
    visitor.sign_up()
    page = visitor.press("Confirm", code=visitor.mailed_code())
    assert f"PostConfirmation {why}" in page.text
    assert pages.user()["status"] == "CONFIRMED"
    pages.on("PreAuthentication", refuse)
    assert visitor.sign_in().alert == f"PreAuthentication {why}"
    assert not visitor.left_for


# -- Mails --------------------------------------------------------------------------------------


def mail_to(pages: Pages, address: str) -> dict[str, str]:
    """The newest one; empty without any."""
    mails = requests.get(f"{pages.origin}/inbox.json", timeout=10).json()
    return next((mail for mail in mails if mail["to"] == address), {})


def test_custom_message_writes_the_mails_of_sign_up_resend_and_reset(
    pages: Pages, visitor: Visitor
) -> None:
    def in_german(event: Event) -> Event:
        code = event["request"]["codeParameter"]
        subject = f"{event['triggerSource'].partition('_')[2]} {code}"
        message = f"<p>Ihr Code: <b>{code}</b></p>"
        return {**event, "response": {"emailSubject": subject, "emailMessage": message}}

    pages.on("CustomMessage", in_german)
    visitor.sign_up()
    mail = mail_to(pages, "ada@example.com")
    assert (mail["subject"], mail["code"]) == ("SignUp 123456", "123456")
    assert mail["text"].split() == ["Ihr", "Code:", "123456"]
    visitor.press("Send a new code")
    assert mail_to(pages, "ada@example.com")["subject"] == "ResendCode 123456"
    visitor.press("Confirm", code="123456")
    visitor.follow("Forgot your password?")
    visitor.press("Send the code", username="ada")
    assert mail_to(pages, "ada@example.com")["subject"] == "ForgotPassword 654321"
    event = pages.trigger_events[0]
    assert event["request"]["userAttributes"]["cognito:user_status"] == "UNCONFIRMED"
    assert event["response"] == {"smsMessage": None, "emailMessage": None, "emailSubject": None}
    # What it leaves out stays as the pool wrote it.
    pages.on("CustomMessage", lambda event: event | {"response": {"emailSubject": "Hello"}})
    visitor.press("Send a new code")
    mail = mail_to(pages, "ada@example.com")
    assert (mail["subject"], mail["code"]) == ("Hello", "654321")
    assert "Ihr" not in mail["text"]


@pytest.mark.parametrize(
    ("do", "said"),
    [
        pytest.param(refuse, "CustomMessage failed with error only on Mondays.", id="refused"),
        pytest.param(lambda _: {"response": {"emailMessage": "Hi!"}}, UNREADABLE, id="no code"),
        pytest.param(lambda _: {"response": {"emailSubject": 5}}, UNREADABLE, id="no text"),
    ],
)
def test_a_refused_mail_is_said_and_not_sent(
    pages: Pages, visitor: Visitor, do: Any, said: str
) -> None:
    own = f"u{pages.client_id.lower()}"  # the inbox is shared by the tests
    pages.on("CustomMessage", do)
    assert visitor.sign_up(email=f"{own}@example.com").alert == said
    pages.new_user(own)
    visitor.authorize()
    visitor.follow("Forgot your password?")
    assert said in visitor.press("Send the code", username=own).text
    assert mail_to(pages, f"{own}@example.com") == {}


# -- Behind the pages: a function of the gateway's ----------------------------------------------


def test_a_trigger_is_a_function_behind_the_gateway(project: GatewayProject) -> None:
    project.write(
        "if event['userName'] == 'raise': raise ValueError('not today')\n"
        "return {**event, 'response': {'autoConfirmUser': True}}"
    )
    api = template.read(project.template)
    places = Places("127.0.0.1", free_port())
    places.data.mkdir(parents=True, exist_ok=True)
    app = App(places, Apps((api,), api.functions, {"PreSignUp": "Web"}, ()), {}, "text")

    def run(username: str) -> Any:
        return app.triggers.run(
            "PreSignUp_SignUp", user_pool_id="p", client_id="c", username=username, attributes={}
        )

    async def run_both() -> None:
        await app.gateway.start()
        assert await asyncio.to_thread(run, "ada") == {"autoConfirmUser": True}
        with pytest.raises(TriggerRefused) as refused:
            await asyncio.to_thread(run, "raise")
        assert refused.value.message == "PreSignUp failed with error not today."
        await app.gateway.stop()

    asyncio.run(run_both())
    app.close()
    shutil.rmtree(places.data)
