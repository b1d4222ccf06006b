"""The account page: what it shows and changes, and its messages when Cognito refuses."""

from __future__ import annotations

import re

import pytest

from tests.fake_cognito_api import PASSWORD, SCOPE, Refusal
from tests.flow.browser import Browser
from tests.flow.conftest import Owner, Stack, environment, owner

A_NEW_PASSWORD = "Difference-Engine-1822"
PAGES = [
    "/account",
    "/account/name",
    "/account/password",
    "/account/authenticator",
    "/account/authenticator/off",
    "/account/sign-out-everywhere",
    "/account/delete",
]
OF_GOOGLE = {"identities": [{"providerName": "Google", "userId": "1234"}]}


def test_it_is_off_by_default(stack: Stack, signed_in: Browser) -> None:
    assert signed_in.get("/login").query["scope"] == "openid email profile"
    assert "/account" not in signed_in.get("/").body
    for path in PAGES:
        assert signed_in.get(path).status == 404
        assert signed_in.submit(path).status == 404
    assert stack.cognito.calls("user_api") == 0


def test_turned_on_it_asks_for_the_scope_and_is_linked(stack: Stack, ada: Owner) -> None:
    (authorized,) = stack.cognito.requests["authorize"]
    assert authorized.query["scope"] == f"openid email profile {SCOPE}"
    assert '<a class="button quiet" href="/account">Your account</a>' in ada.get("/").body


def test_it_shows_what_cognito_knows_now(stack: Stack, ada: Owner) -> None:
    user = stack.cognito.user
    user.name, user.email_verified = "Ada <King>", False
    user.custom = {"custom:company": "Analytical & Co"}
    page = ada.get("/account", **{"accept-language": "de"})
    assert (page.status, page.headers["content-language"]) == (200, "de")
    for shown in ('href="?lang=fr"', "Ada &lt;King&gt;", "company", "Analytical &amp; Co"):
        assert shown in page.body
    assert user.sub not in page.body
    assert user.username in page.body


def test_a_stranger_signs_in_first_and_returns_to_the_page(stack: Stack) -> None:
    stranger = stack.browser(**environment(stack))
    for path in PAGES:
        answer = stranger.get(path)
        assert (answer.status, answer.location) == (302, f"/login?return_to={path}")
        answer = stranger.submit(path, name="X", current="X", new="X", username="visitor")
        assert answer.status in {200, 404}, "/account itself takes no form"
    assert stack.cognito.calls("user_api") == 0


def test_every_page_of_a_signed_in_visitor_has_a_way_to_sign_out(ada: Owner) -> None:
    """ASVS 7.4.4"""
    for path in ("/", *PAGES):
        assert 'method="post" action="/logout"' in ada.get(path).body


def test_a_new_name_is_stored_and_shown_with_a_message(
    stack: Stack, ada: Owner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 'value="Test Visitor"' in ada.get("/account/name").body
    answer = ada.submit("/account/name", name=" Ada King ")
    assert (answer.status, answer.location) == (303, "/account")
    assert stack.cognito.user.name == "Ada King"
    assert ada.has_changed("name")
    assert stack.logged("account_changed")[0]["route"] == "POST /account/name"
    assert '"reason":"name","AccountChanged":[1.0]' in capsys.readouterr().out
    page = ada.get("/account").body
    assert "Ada King" in page
    assert "Your name has been changed." in page
    assert "<h1><bdi>Ada King</bdi></h1>" in ada.get("/").body
    assert "Your name has been changed." not in ada.get("/account").body, "shown once"


@pytest.mark.parametrize(
    ("refusal", "message", "status", "sentence"),
    [
        ("InvalidParameterException", "", 400, "That name cannot be used."),
        ("NotAuthorizedException", "attempted to write unauthorized attribute", 400,
         "Your name cannot be changed here."),
        ("NotAuthorizedException", "", 403, "Please sign in again"),
    ],
)  # fmt: skip
def test_a_name_that_cognito_refuses_is_kept_in_the_field(
    ada: Owner, refusal: str, message: str, status: int, sentence: str
) -> None:
    ada.api.refusals["UpdateUserAttributes"] = Refusal(refusal, message)
    answer = ada.submit("/account/name", name='A "name"')
    assert answer.status == status
    assert sentence in answer.body
    if status == 400:
        assert 'value="A &#34;name&#34;"' in answer.body
        assert 'aria-describedby="name-problem" aria-invalid="true"' in answer.body
        assert "<title>Error: Change name" in answer.body


def test_the_password_page_shows_the_rules_if_they_are_configured(stack: Stack, ada: Owner) -> None:
    assert "new-rules" not in ada.get("/account/password").body
    with_rules = environment(stack) | {"PASSWORD_RULES": "14 lowercase symbol"}
    page = stack.copy_of(ada, **with_rules).get("/account/password").body
    (rules,) = re.findall(r'<ul class="hint rules" id="new-rules">(.*?)</ul>', page, re.DOTALL)
    shown = [re.sub("<.*?>", "", rule) for rule in rules.split("</li>")][:-1]
    assert shown == ["At least 14 characters", "A lowercase letter", "A symbol"]
    assert 'aria-describedby="new-rules"' in page


def test_changing_the_password_requires_the_old_one(ada: Owner) -> None:
    answer = ada.submit("/account/password", current=PASSWORD, new=A_NEW_PASSWORD)
    assert (answer.status, answer.location) == (303, "/account")
    assert ada.api.password == A_NEW_PASSWORD
    assert ada.has_changed("password")
    assert "Your password has been changed." in ada.get("/account").body


@pytest.mark.parametrize(
    ("code", "message", "sentences"),
    [
        ("NotAuthorizedException", "", ["That is not your current password."]),
        ("LimitExceededException", "", ["Too many attempts."]),
        ("PasswordHistoryPolicyViolationException", "", ["You have used that password before."]),
        ("InvalidParameterException", "", ["That password cannot be used."]),
        ("InvalidPasswordException", "… must have length 12; must have numeric …",
         ["That password is too weak.", "It must be longer.", "It must contain a number."]),
    ],
)  # fmt: skip
def test_a_password_that_cognito_refuses_is_explained_and_not_shown(
    ada: Owner, code: str, message: str, sentences: list[str]
) -> None:
    ada.api.refusals["ChangePassword"] = Refusal(code, message)
    answer = ada.submit("/account/password", current=PASSWORD, new=A_NEW_PASSWORD)
    assert answer.status == 400
    for sentence in sentences:
        assert sentence in answer.body
    assert PASSWORD not in answer.body
    assert A_NEW_PASSWORD not in answer.body
    assert ada.stack.logged("account_changed") == []
    (refused,) = ada.stack.logged("account_refused")
    assert (refused["kind"], refused["sub"]) == ("password", ada.sub)


def test_what_cannot_be_valid_is_not_sent_to_cognito(ada: Owner) -> None:
    for sentence, form, fields in (
        ("Enter a name.", "name", {"name": " "}),
        ("Enter your current password.", "password", {"current": "", "new": A_NEW_PASSWORD}),
        ("Enter a new password.", "password", {"current": PASSWORD, "new": ""}),
        ("That password cannot be used.", "password", {"current": PASSWORD, "new": "x" * 257}),
    ):
        answer = ada.submit(f"/account/{form}", **fields)
        assert answer.status == 400
        assert sentence in answer.body
    assert ada.api.calls == []


def test_users_of_another_provider_have_no_password_here(stack: Stack) -> None:
    stack.cognito.id_token_claims = OF_GOOGLE
    assert "/account/password" in owner(stack).get("/account").body, "the pool's user, linked"
    stack.cognito.user.username = "google_1234"
    page = owner(stack).get("/account").body
    assert "/account/password" not in page
    assert "/account/authenticator" not in page


def test_signing_out_everywhere_ends_every_session(stack: Stack, ada: Owner) -> None:
    elsewhere = stack.signed_in(**environment(stack))
    assert "this can take up to an hour" in ada.get("/account/sign-out-everywhere").body
    answer = ada.submit("/account/sign-out-everywhere")
    assert answer.status == 200
    assert answer.location.startswith(f"{stack.cognito.domain_url}/logout?")
    assert answer.headers["clear-site-data"] == '"storage"'
    assert ada.named("session") == {}
    assert len(ada.named("notice")) == 1
    assert ada.has_changed("signed_out_everywhere")
    assert "You are signed out everywhere." in ada.get("/").body
    stack.clock.advance(3600)
    assert not elsewhere.is_signed_in


@pytest.mark.parametrize("typed", ["visitor", " VISITOR ", "Visitor+test@example.com"])
def test_deleting_an_account_needs_its_name_or_address(
    stack: Stack, ada: Owner, typed: str
) -> None:
    assert ada.get("/account/delete").status == 200
    answer = ada.submit("/account/delete", username=typed)
    assert answer.status == 200
    assert answer.location.startswith(f"{stack.cognito.domain_url}/logout?")
    assert ada.api.is_deleted
    assert ada.has_changed("deleted")
    landing = ada.get("/").body
    assert "Your account has been deleted." in landing
    assert "Create account" in landing
    assert ada.named("session") == {}


def test_another_word_deletes_nothing(ada: Owner) -> None:
    for typed in ("", "visitor2", "somebody@example.com", "Test Visitor"):
        answer = ada.submit("/account/delete", username=typed)
        assert answer.status == 400
        assert "That is not your user name or e-mail address." in answer.body
    assert not ada.api.is_deleted
    assert "DeleteUser" not in ada.api.calls


@pytest.mark.parametrize(
    ("refusal", "status", "reason"),
    [
        ("TooManyRequestsException", 503, "user_api_throttled"),
        ("ConcurrentModificationException", 503, "user_api_throttled"),
        ("ForbiddenException", 502, "user_api_refused"),
        ("SomethingNewException", 502, "user_api_refused"),
        ("LimitExceededException", 502, "user_api_limit_exceeded"),
        ("UserNotFoundException", 403, "user_api_user_not_found"),
        ("PasswordResetRequiredException", 403, "user_api_password_reset_required"),
    ],
)
def test_other_refusals_become_calm_pages(
    ada: Owner, refusal: str, status: int, reason: str
) -> None:
    ada.api.refusals["GetUser"] = refusal
    answer = ada.get("/account")
    assert answer.status == status
    (line,) = ada.stack.logged("request_failed")
    assert line["reason"] == reason
    assert "SomethingNew" not in str(line), "an unknown code is not logged"
    href = "/login?return_to=/account" if status == 403 else "/account"
    assert f'href="{href}"' in answer.body
    assert (line["correlation_id"] in answer.body) == (status != 403)


def test_a_fault_on_the_wire_loses_no_rotated_refresh_token(stack: Stack, ada: Owner) -> None:
    stack.cognito.refresh_token_rotation = True
    for fault in ("http_500", "garbage"):
        stack.cognito.fault("user_api", fault)
        assert ada.get("/account").status == 502
        stack.cognito.repair("user_api")
        stack.clock.advance(61)  # by then Cognito refuses the token from before
        assert ada.get("/account").status == 200
    assert stack.reasons() == ["user_api_failed", "user_api_answer_malformed"]


def test_answers_about_another_user_are_not_shown(stack: Stack, ada: Owner) -> None:
    somebody = [{"Name": "sub", "Value": "somebody"}, {"Name": "name", "Value": "Charles"}]
    ada.api.answers["GetUser"] = {"UserAttributes": somebody}
    answer = ada.get("/account")
    assert answer.status == 502
    assert "Charles" not in answer.body
    assert stack.reasons() == ["user_api_other_subject"]
