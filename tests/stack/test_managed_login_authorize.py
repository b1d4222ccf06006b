"""Authorization requests: the sign-in page, redirects with an error, and error pages."""

from __future__ import annotations

from itertools import product

from local.managed_login.language import LANGUAGES
from tests.http_visitor import NOBODY
from tests.stack.login_pages import CALLBACK, Pages, Visitor


def test_a_good_request_leads_to_a_page_that_knows_the_name_until_it_is_emptied(
    pages: Pages, visitor: Visitor
) -> None:
    page = visitor.authorize()
    assert visitor.answer.url.startswith(f"{pages.origin}/login?")
    assert page.input("password")["autocomplete"] == "current-password"
    assert page.all("img")[0].attributes["src"] == "data:image/svg+xml;base64,PHN2Zy8+"  # the logo
    for path, button in (
        ("/oauth2/authorize", "Sign in"),
        ("/signup", "Create account"),
        ("/forgotPassword", "Send the code"),
    ):
        page = visitor.authorize(path, login_hint="ada")
        assert page.input("username")["value"] == "ada"
        page = visitor.press(button, username="")
        assert page.problem_at("username")
        assert page.input("username")["value"] == ""


NOWHERE: list[tuple[dict[str, str | None], str]] = [
    ({"client_id": None}, "invalid_request"),
    ({"client_id": "unknown"}, "invalid_client"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"redirect_uri": f"{CALLBACK}/"}, "redirect_mismatch"),
    ({"redirect_uri": "https://elsewhere.example/callback"}, "redirect_mismatch"),
    ({"identity_provider": "Google"}, "invalid_request"),
]


def test_an_unknown_client_or_redirect_uri_goes_nowhere(pages: Pages, visitor: Visitor) -> None:
    paths = ("/oauth2/authorize", "/login", "/signup", "/forgotPassword")
    for path, (changes, error) in product(paths, NOWHERE):
        page = visitor.authorize(path, **changes)
        assert visitor.answer.status_code == 400, changes
        assert visitor.answer.url.startswith(f"{pages.origin}{path}?")
        assert visitor.left_for == ""
        assert page.heading == "Something is wrong with this request"
        assert page.all("code")[0].text == error


TO_THE_APP: list[tuple[dict[str, str | None], str]] = [
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
]


def test_other_faults_go_back_to_the_app_with_its_state(pages: Pages, visitor: Visitor) -> None:
    for changes, error in TO_THE_APP:
        visitor.authorize(**changes)
        assert visitor.returned == {"error": error, "state": "the-state"}, changes
    # Repeated parameters
    visitor.open(f"/oauth2/authorize?{pages.query()}&state=another")
    assert visitor.returned["error"] == "invalid_request"
    visitor.open(f"/oauth2/authorize?{pages.query()}&redirect_uri=http%3A%2F%2Felsewhere.example")
    assert visitor.answer.status_code == 400
    assert visitor.left_for == ""


def test_the_client_counts_as_the_pool_has_it_now(pages: Pages, visitor: Visitor) -> None:
    later = f"{NOBODY}/later?kept=1"
    pages.new_user()
    visitor.authorize(redirect_uri=later)
    assert visitor.answer.status_code == 400
    pages.change_client(CallbackURLs=[later])
    visitor.authorize(redirect_uri=later)
    visitor.submit()
    assert visitor.left_for.startswith(f"{later}&code=")
    pages.change_client(AllowedOAuthFlows=["client_credentials"])
    visitor.authorize()
    assert visitor.returned["error"] == "unauthorized_client"


def test_any_state_comes_back_as_it_was(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    visitor.sign_in()
    for state in ("a b&c=d", "%2F%3F", 'quote"<tag>', "ünï", "x" * 2000):
        visitor.authorize(state=state)
        assert visitor.returned["state"] == state


def test_error_pages_are_shown_in_the_visitors_language(visitor: Visitor) -> None:
    page = visitor.open("/error?error=<b>redirect_mismatch</b>&lang=es")
    assert page.all("code")[0].text == "<b>redirect_mismatch</b>"
    for path, status in {"/": 404, "/nothing": 404, "/resendcode": 405, "/logout": 400}.items():
        page = visitor.open(f"{path}?lang=es")
        assert visitor.answer.status_code == status
        assert page.language == "es"
        assert page.heading == LANGUAGES["es"].say("error_heading")
        assert LANGUAGES["es"].say("back_to_app", brand="Foyer") in page.links, path


def test_the_apps_choice_is_kept_for_later_visits_until_there_is_another(visitor: Visitor) -> None:
    visitor.http.headers["Accept-Language"] = "fr-CA, en;q=0.5"
    visitor.authorize(lang="de'<b>")  # unknown
    assert visitor.page.language == "fr"
    assert "cognito-lang" not in visitor.cookies
    for path in ("/oauth2/authorize", "/login", "/signup", "/forgotPassword"):
        page = visitor.authorize(path, lang="ja")
        assert visitor.page.language == "ja"
        assert page.heading in LANGUAGES["ja"].texts.values()
    (kept,) = [c for c in visitor.cookies if c.name == "cognito-lang"]
    assert (kept.value, kept.discard) == ("ja", False)
    assert kept.has_nonstandard_attr("HttpOnly")
    visitor.cookies.pop("cognito-visit")  # the browser was closed in between
    assert visitor.authorize().heading == LANGUAGES["ja"].say("sign_in")
    for path in ("/inbox", "/users"):  # the developers' pages
        visitor.open(path)
        assert visitor.page.language == "en"
    visitor.authorize(lang="pt")
    visitor.authorize()
    assert visitor.page.language == "pt-BR"


def test_a_language_chosen_on_a_page_holds_for_the_steps_that_follow(visitor: Visitor) -> None:
    say = LANGUAGES["de"].say
    visitor.sign_up()
    assert visitor.follow("Deutsch").heading == say("confirm_email")
    page = visitor.press(say("confirm"), code=visitor.mailed_code())
    assert page.notice == say("notice_confirmed")
