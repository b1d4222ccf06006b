"""What /callback rejects, and what it does not change then."""

from __future__ import annotations

import pytest

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack


def assert_calm(answer: Answer) -> None:
    """An error page: one heading, a way on, a reference; nothing that could run."""
    assert answer.body.count("<h1>") == 1
    assert "reference" in answer.body
    assert "Start again" in answer.body
    assert "<script" not in answer.body


MALFORMED = {
    "": "callback_empty",
    "code=": "callback_empty",
    "state=unknown": "attempt_unknown",
    "state=&code=made-up": "attempt_unknown",
    "state=;%20Domain=evil&code=b": "attempt_unknown",
    "state=a&state=a&code=made-up": "parameter_repeated",
    "state=a&code=b&code=c": "parameter_repeated",
    "error=server_error&error=x": "parameter_repeated",
    "error=%3Cscript%3Ealert(1)%3C/script%3E": "authorize_error_unknown",
    "error=" + "x" * 65: "parameter_too_long",
    "state=a&code=" + "x" * 2049: "parameter_too_long",
    "state=a&code=" + "x" * 9216: "query_too_long",
    "state=a%0D%0Ab&code=b": "parameter_malformed",
}


def test_a_malformed_callback_is_a_400_that_costs_no_upstream_call(
    stack: Stack, browser: Browser
) -> None:
    for query, expected in MALFORMED.items():
        answer = browser.get(f"/callback?{query}")
        assert (answer.status, answer.cookies) == (400, ())
        assert_calm(answer)
        line = stack.logged("request_failed")[-1]
        assert line["reason"] == expected
        assert f"<code>{line['correlation_id']}</code>" in answer.body
    assert stack.cognito.upstream_calls == 0


def test_another_browsers_callback_and_a_changed_state_are_refused_before_anything_is_sent(
    stack: Stack, browser: Browser
) -> None:
    own, callback_of_attacker = stack.callback(browser), stack.callback(stack.browser())
    changed = own[:-1] + ("A" if own[-1] != "A" else "B")  # the cookie is found all the same
    without_code = f"/callback?state={browser.get('/login').query['state']}"
    for callback in (callback_of_attacker, changed, without_code):
        assert browser.get(callback).status == 400
        assert browser.named("session") == {}
    assert stack.reasons() == ["attempt_unknown", "attempt_unknown", "code_missing"]
    assert stack.cognito.upstream_calls == 0


def test_the_code_of_another_issuer_is_not_used(stack: Stack, browser: Browser) -> None:
    for iss in ("https%3A%2F%2Fevil.example", f"{stack.cognito.issuer}x", ""):
        for error in (None, "access_denied"):
            callback = stack.callback(browser, error=error)
            assert browser.get(f"{callback}&iss={iss}").status == 400
            assert stack.reasons()[-1] == "callback_other_issuer"
    assert stack.cognito.upstream_calls == 0
    assert browser.cookies == {}


def test_an_expired_attempt_is_refused_and_forgotten(stack: Stack, browser: Browser) -> None:
    callback = stack.callback(browser)
    stack.clock.advance(601)
    assert browser.get(callback).status == 400
    assert browser.cookies == {}
    assert stack.reasons("attempt_not_usable") == ["expired"]
    callback = stack.callback(browser)
    browser.cookies = {name: value[: len(value) // 2] for name, value in browser.cookies.items()}
    assert browser.get(callback).status == 400, "half a cookie is refused too"
    assert browser.cookies == {}
    assert stack.cognito.upstream_calls == 0


def test_a_callback_works_once_and_then_leads_home(stack: Stack, browser: Browser) -> None:
    callback = stack.callback(browser)
    thief = stack.copy_of(browser)
    assert browser.get(callback).status == 303
    calls = stack.cognito.upstream_calls
    again = browser.get(callback)
    assert (again.status, again.location, again.cookies) == (303, "/", ())
    assert stack.cognito.upstream_calls == calls
    assert thief.get(callback).status == 400
    assert stack.reasons() == ["token_invalid_grant"]


def test_a_code_without_state_restarts_sign_in_once(stack: Stack, browser: Browser) -> None:
    first = browser.get("/callback?code=made-up")
    assert (first.status, first.location) == (303, "/login")
    assert browser.get("/callback?code=made-up").status == 400
    assert stack.reasons() == ["state_missing"]
    assert stack.cognito.upstream_calls == 0
    stack.sign_in(browser)
    assert browser.named("restarted") == {}
    answer = browser.get("/callback?code=made-up")
    assert (answer.status, answer.location) == (303, "/"), "already signed in"


def test_errors_of_managed_login_become_pages(stack: Stack, browser: Browser) -> None:
    for error, status in {
        "invalid_request": 502,
        "invalid_scope": 502,
        "server_error": 502,
        "temporarily_unavailable": 503,
        "login_required": 400,
    }.items():
        answer = browser.get(stack.callback(browser, error=error))
        assert answer.status == status
        assert_calm(answer)
    assert browser.cookies == {}
    assert stack.cognito.upstream_calls == 0


REFUSALS = {
    "PreSignUp+failed+with+error+Canary+denied.+": ("trigger_refused", "contact the people"),
    "attributes+required%3A+%5Bemail%5D": ("attribute_missing", "Start again and allow it"),
    "email%3A+The+attribute+is+required%0A+": ("attribute_missing", "sign in another way"),
    "user.email%3A+Attribute+cannot+be+updated.%0A+": ("attribute_fixed", "another way"),
    "Already+found+an+entry+for+username+Google_canary": ("user_linked", "you did before"),
    "Error+in+IdP+response%3A+canary+%FF": ("declined", "You can start again"),
    "User+denied+access": ("declined", "You can start again"),
}


def test_a_providers_error_is_explained_in_our_own_words(stack: Stack, browser: Browser) -> None:
    def answer(description: str) -> Answer:
        callback = stack.callback(browser, error="invalid_request")
        return browser.get(f"{callback}&error_description={description}")

    for description, (reason, advice) in REFUSALS.items():
        page = answer(description)
        assert (page.status, stack.reasons()[-1]) == (403, f"provider_{reason}")
        assert_calm(page)
        assert advice in page.body
        assert "anary" not in page.body
    assert answer("Client+is+not+enabled+for+OAuth2.0+flows").status == 502
    assert stack.reasons()[-1] == "authorize_invalid_request"
    assert browser.cookies == {}
    assert "anary" not in stack.log_stream.getvalue()


@pytest.mark.parametrize("more", ["", "&error_description=Zugang+verweigert+f%FCr+Sie&x=%"])
def test_a_cancelled_sign_in_shows_a_message(stack: Stack, browser: Browser, more: str) -> None:
    callback = stack.callback(browser, error="access_denied")
    answer = browser.get(callback + more)
    assert (answer.status, answer.location) == (303, "/")
    assert browser.named("attempt") == {}
    landing = browser.get("/").body
    assert "Sign-in was cancelled." in landing
    assert "Create account" in landing
    assert 'class="reference"' not in landing
    assert stack.logged("request_failed") == []
    assert len(stack.logged("sign_in_cancelled")) == 1
    assert browser.get(callback).status == 303, "also when reloaded"


def test_a_failed_sign_in_leaves_session_and_other_tabs_alone(
    stack: Stack, signed_in: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    session, other_tab = signed_in.named("session"), stack.callback(signed_in)
    cancelled = stack.callback(signed_in, "/login?prompt=login", error="access_denied")
    assert signed_in.get(cancelled).status == 303
    assert signed_in.named("session") == session
    assert len(signed_in.named("attempt")) == 1
    assert '"reason":"access_denied"' in capsys.readouterr().out
    page = signed_in.get("/").body
    assert "Sign-in was cancelled." in page
    assert stack.cognito.user.name in page
    assert "Sign-in was cancelled." not in signed_in.get("/").body
    assert signed_in.get(other_tab).status == 303


def test_sign_in_requires_the_nonce_of_its_attempt(stack: Stack, browser: Browser) -> None:
    """tests/unit/test_id_token.py has the other defects of ID tokens."""
    for defect in ("wrong_nonce", "missing_nonce"):
        stack.cognito.id_token_defect = defect
        assert stack.sign_in(browser).status == 502
        assert browser.cookies == {}
    assert stack.reasons() == ["id_token_wrong_nonce"] * 2
