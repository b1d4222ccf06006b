"""What /callback rejects, and what it does not change then."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.fake_tokens import ID_TOKEN_DEFECTS
from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack


def assert_calm(answer: Answer) -> None:
    """An error page: one heading, a way on, a reference; nothing that could run."""
    assert answer.body.count("<h1>") == 1
    assert "reference" in answer.body
    assert "Start again" in answer.body
    assert "<script" not in answer.body


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "callback_empty"),
        ("code=", "callback_empty"),
        ("state=unknown", "attempt_unknown"),
        ("state=unknown&code=made-up", "attempt_unknown"),
        ("state=&code=made-up", "attempt_unknown"),
        ("state=a&state=a&code=made-up", "parameter_repeated"),
        ("state=a&code=b&code=c", "parameter_repeated"),
        ("error=%3Cscript%3Ealert(1)%3C/script%3E", "authorize_error_unknown"),
        ("error=server_error&error=x", "parameter_repeated"),
        ("error=" + "x" * 65, "parameter_too_long"),
        ("state=a&code=" + "x" * 2049, "parameter_too_long"),
        ("state=a&code=" + "x" * 9216, "query_too_long"),
        ("x" * 9216, "query_too_long"),
        ("state=%FF&code=b", "parameter_malformed"),
        ("state=a%0D%0Ab&code=b", "parameter_malformed"),
        ("state=;%20Domain=evil&code=b", "attempt_unknown"),
    ],
)
def test_a_malformed_callback_is_a_400_that_costs_no_upstream_call(
    stack: Stack, browser: Browser, query: str, expected: str
) -> None:
    answer = browser.get(f"/callback?{query}")
    assert (answer.status, answer.cookies) == (400, ())
    assert_calm(answer)
    (line,) = stack.logged("request_failed")
    assert line["reason"] == expected
    assert f"<code>{line['correlation_id']}</code>" in answer.body
    assert stack.cognito.upstream_calls == 0


def test_a_changed_state_is_refused_before_anything_is_sent(stack: Stack, browser: Browser) -> None:
    callback = stack.callback(browser)
    answer = browser.get(callback[:-1] + ("A" if callback[-1] != "A" else "B"))
    assert answer.status == 400
    assert browser.named("session") == {}
    assert stack.cognito.upstream_calls == 0


def test_another_browsers_callback_is_refused(stack: Stack, browser: Browser) -> None:
    callback_of_attacker = stack.callback(stack.browser())
    browser.get("/login")
    assert browser.get(callback_of_attacker).status == 400
    assert browser.named("session") == {}
    assert stack.cognito.upstream_calls == 0


def test_an_attempt_cannot_stand_in_for_another(stack: Stack, browser: Browser) -> None:
    browser.get("/login")
    ((name, _),) = browser.cookies.items()
    state = name[-1:] + "x" * 42  # finds the cookie
    assert browser.get(f"/callback?state={state}&code=made-up").status == 400
    state = browser.get("/login").query["state"]
    assert browser.get(f"/callback?state={state}").status == 400
    assert stack.reasons() == ["attempt_unknown", "code_missing"]
    assert stack.cognito.upstream_calls == 0


def test_the_code_of_another_issuer_is_not_used(stack: Stack, browser: Browser) -> None:
    for iss in ("https%3A%2F%2Fevil.example", f"{stack.cognito.issuer}x", ""):
        for error in (None, "access_denied"):
            callback = stack.callback(browser, error=error)
            assert browser.get(f"{callback}&iss={iss}").status == 400
            assert stack.reasons()[-1] == "callback_other_issuer"
    assert stack.cognito.upstream_calls == 0
    assert browser.cookies == {}


@pytest.mark.parametrize("prefix", ["https://cognito-idp.", "https://issuer-cognito-idp."])
@pytest.mark.parametrize("configured", ["https://cognito-idp.", "https://issuer-cognito-idp."])
def test_either_form_of_the_pools_issuer_is_accepted(
    stack: Stack, prefix: str, configured: str
) -> None:
    pool = stack.cognito.issuer.removeprefix("https://cognito-idp.")
    stack.cognito.issuer = f"{configured}{pool}"
    browser = stack.browser()
    callback = stack.callback(browser)
    assert browser.get(f"{callback}&iss={quote(prefix + pool, safe='')}").status == 303


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


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("invalid_request", 502),
        ("invalid_scope", 502),
        ("unauthorized_client", 502),
        ("server_error", 502),
        ("temporarily_unavailable", 503),
        ("login_required", 400),
    ],
)
def test_errors_of_managed_login_become_pages(
    stack: Stack, browser: Browser, error: str, status: int
) -> None:
    answer = browser.get(stack.callback(browser, error=error))
    assert answer.status == status
    assert_calm(answer)
    assert browser.cookies == {}
    assert stack.cognito.upstream_calls == 0


@pytest.mark.parametrize(
    ("description", "because", "advice"),
    [
        ("PreSignUp+failed+with+error+Canary+denied.+", "trigger_refused", "contact the people"),
        ("PostConfirmation+failed+with+error+Canary.", "trigger_refused", "contact the people"),
        ("attributes+required%3A+%5Bemail%5D", "attribute_missing", "Start again and allow it"),
        (
            "Invalid+user+attributes%3A+email%3A+The+attribute+is+required%0A+",
            "attribute_missing",
            "sign in another way",
        ),
        ("user.email%3A+Attribute+cannot+be+updated.%0A+", "attribute_fixed", "another way"),
        ("Already+found+an+entry+for+username+Google_canary", "user_linked", "you did before"),
        ("Error+in+IdP+response%3A+canary+%FF", "declined", "You can start again"),
        ("Client+is+not+enabled+for+OAuth2.0+flows", None, ""),
        ("User+denied+access", "declined", "You can start again"),
    ],
)
def test_a_providers_error_is_explained_in_our_own_words(
    stack: Stack, browser: Browser, description: str, because: str | None, advice: str
) -> None:
    callback = stack.callback(browser, error="invalid_request")
    answer = browser.get(f"{callback}&error_description={description}")
    assert answer.status == (403 if because else 502)
    assert stack.reasons() == [f"provider_{because}" if because else "authorize_invalid_request"]
    assert_calm(answer)
    assert advice in answer.body
    assert browser.cookies == {}
    assert "anary" not in answer.body + stack.log_stream.getvalue()


@pytest.mark.parametrize("more", ["", "&error_description=Zugang+verweigert+f%FCr+Sie", "&x=%"])
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


def test_cancelling_a_second_sign_in_ends_no_session(stack: Stack, signed_in: Browser) -> None:
    signed_in.get(stack.callback(signed_in, "/login?prompt=login", error="access_denied"))
    page = signed_in.get("/").body
    assert "Sign-in was cancelled." in page
    assert stack.cognito.user.name in page
    assert "Sign-in was cancelled." not in signed_in.get("/").body


@pytest.mark.parametrize("defect", sorted(ID_TOKEN_DEFECTS))
def test_a_defective_id_token_never_signs_in(stack: Stack, browser: Browser, defect: str) -> None:
    stack.cognito.id_token_defect = defect
    assert stack.sign_in(browser).status == 502
    assert browser.cookies == {}


def test_a_failed_sign_in_leaves_session_and_other_tabs_alone(
    stack: Stack, signed_in: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    session = signed_in.named("session")
    other_tab = stack.callback(signed_in)
    assert signed_in.get(stack.callback(signed_in, error="access_denied")).status == 303
    assert signed_in.named("session") == session
    assert len(signed_in.named("attempt")) == 1
    assert '"reason":"access_denied"' in capsys.readouterr().out
    assert signed_in.get(other_tab).status == 303
