"""The authorize endpoint: valid requests, redirects with an error, error pages."""

from __future__ import annotations

import pytest

from tests.stack.login_pages import Browser, LoginPages

pytestmark = pytest.mark.stack


def test_a_good_request_leads_to_the_sign_in_page(pages: LoginPages, browser: Browser) -> None:
    page = browser.authorize(login_hint="ada")
    assert browser.answer.url.startswith(f"{pages.origin}/login?")
    assert page.heading == "Sign in"
    assert page.input("username")["value"] == "ada"
    assert page.input("username")["autocomplete"] == "username"
    assert page.input("password")["autocomplete"] == "current-password"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": None}, "invalid_request"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": "http://localhost:9/callback/"}, "redirect_mismatch"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "redirect_mismatch"),
        ({"identity_provider": "Google"}, "invalid_request"),
    ],
)
def test_an_unknown_client_or_redirect_uri_goes_nowhere(
    pages: LoginPages, browser: Browser, changes: dict[str, str | None], error: str
) -> None:
    for path in ("/oauth2/authorize", "/login", "/signup", "/forgotPassword"):
        page = browser.open(f"{path}?{pages.query(**changes)}")
        assert browser.answer.status_code == 400
        assert browser.answer.url.startswith(f"{pages.origin}{path}?")
        assert browser.left_for == ""
        assert page.heading == "Something is wrong with this request"
        assert page.all("code")[0].text == error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "id_token"}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "too-short"}, "invalid_request"),
        ({"resource": "notes-api"}, "invalid_request"),
        ({"resource": "http://notes.example"}, "invalid_request"),
        ({"resource": "http://localhost.evil.example"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "sometimes"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_other_faults_go_back_to_the_app_with_its_state(
    browser: Browser, changes: dict[str, str | None], error: str
) -> None:
    browser.authorize(**changes)
    assert browser.returned == {"error": error, "state": "the-state"}


def test_a_repeated_parameter_is_refused(pages: LoginPages, browser: Browser) -> None:
    browser.open(f"/oauth2/authorize?{pages.query()}&state=another")
    assert browser.returned["error"] == "invalid_request"
    browser.open(f"/oauth2/authorize?{pages.query()}&redirect_uri=http%3A%2F%2Felsewhere.example")
    assert browser.answer.status_code == 400
    assert browser.left_for == ""


def test_the_client_counts_as_the_pool_has_it_now(pages: LoginPages, browser: Browser) -> None:
    client = pages.new_client(AllowedOAuthFlows=["client_credentials"])
    browser.authorize(client_id=client["ClientId"])
    assert browser.returned["error"] == "unauthorized_client"
    browser.authorize(redirect_uri="http://localhost:9/later")
    assert browser.answer.status_code == 400
    pages.cognito.update_user_pool_client(
        UserPoolId=pages.pool_id,
        ClientId=pages.client_id,
        CallbackURLs=["http://localhost:9/later"],
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email", "profile"],
        AllowedOAuthFlowsUserPoolClient=True,
    )
    assert browser.authorize(redirect_uri="http://localhost:9/later").heading == "Sign in"


def test_any_state_comes_back_as_it_was(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    for state in ("a b&c=d", "%2F%3F", 'quote"<tag>', "ünï", "x" * 2000):
        browser.authorize(state=state)
        assert browser.returned["state"] == state


def test_the_error_page_can_be_opened_by_itself(browser: Browser) -> None:
    page = browser.open("/error?error=<b>redirect_mismatch</b>")
    assert page.all("code")[0].text == "<b>redirect_mismatch</b>"
    assert not page.all("b")


def test_a_path_that_is_not_there_says_so(browser: Browser) -> None:
    for path, status in {"/": 404, "/nothing": 404, "/resendcode": 405}.items():
        assert browser.open(path).has_link("Back to Foyer")
        assert browser.answer.status_code == status
