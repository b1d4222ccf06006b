"""The managed-login pages: rules, texts in all languages, and a pool that does not answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from foyer import language as app_language

from local import managed_login
from local.aws import LocalAws
from local.managed_login import ManagedLogin, create_app
from local.managed_login.attempts import Attempts
from local.managed_login.attributes import AUTOCOMPLETE, problem_with
from local.managed_login.language import ENGLISH, LANGUAGES, Language, choose
from local.managed_login.outbox import read
from local.managed_login.pool import Attribute, Client, PasswordPolicy, Pool
from local.managed_login.site import NOTICES
from local.managed_login.triggers import UNREADABLE, not_run
from local.managed_login.users import temporary_password
from local.managed_login.visits import AnswerTotp
from tests.documents import in_source
from tests.ports import REFUSING_PORT
from tests.unit.local import asgi

FOLDER = Path(managed_login.__file__).parent
# Without those for developers, which are in English.
TEMPLATES = [
    file.read_text("utf-8")
    for file in FOLDER.glob("templates/*")
    if file.stem not in {"inbox", "users"}
]


def test_each_rule_that_a_password_breaks_is_named() -> None:
    for password, *broken in (
        ("Aa1!aaaa",),
        ("Aa1!aaa", "length"),
        ("aa1!aaaa", "uppercase"),
        ("AA1!AAAA", "lowercase"),
        ("Aaa!aaaa", "number"),
        ("Aa1aaaaa", "symbol"),
        ("Aa1!aaaa ", "outer_space"),
        ("Aa1!" + "a" * 253, "too_long"),
    ):
        assert PasswordPolicy(minimum_length=8).broken(password) == tuple(broken)


@pytest.mark.parametrize("length", [6, 12, 99])
def test_a_temporary_password_keeps_every_rule(length: int) -> None:
    policy = PasswordPolicy.read({"MinimumLength": str(length), "RequireSymbols": "false"})
    assert policy.rules() == ("length", "uppercase", "lowercase", "number")
    assert policy.broken(temporary_password(policy)) == ()


def number(**bounds: object) -> dict[str, Any]:
    return {"AttributeDataType": "Number", "NumberAttributeConstraints": bounds}


def text(**bounds: object) -> dict[str, Any]:
    return {"StringAttributeConstraints": bounds}


@pytest.mark.parametrize(
    ("name", "schema", "good", "bad"),
    [
        ("email", {}, "a.b+c@example.com", "a@b"),
        ("phone_number", {}, "+14155550123", "0415 5550123"),
        ("birthdate", {}, "1990-01-31", "1990-02-31"),
        # CloudFormation may have stored numbers as strings.
        ("custom:n", number(MinValue="1", MaxValue=9), "9", "10"),
        ("custom:n", number(MinValue=-3), "-3", "1.5"),
        ("custom:t", {"AttributeDataType": "DateTime"}, "2026-01-31T12:00:00Z", "soon"),
        ("custom:s", text(MinLength=2, MaxLength="3"), "abc", "abcd"),
        ("custom:s", text(MinLength=2), "ab", "a"),
    ],
)
def test_values_are_checked_against_the_schema(
    name: str, schema: dict[str, Any], good: str, bad: str
) -> None:
    attribute = Attribute.read({"Name": name, **schema})
    assert problem_with(attribute, good, ENGLISH.say) == ""
    assert problem_with(attribute, bad, ENGLISH.say)


def test_names_are_folded_only_where_the_pool_knows_no_case() -> None:
    assert Pool.read({"UsernameConfiguration": {"CaseSensitive": False}}).fold(" Ada ") == "ada"
    assert Pool.read({"UsernameConfiguration": {"CaseSensitive": True}}).fold(" Ada ") == "Ada"
    assert Pool.read({}).fold("Ada") == "Ada"


def test_clients_and_steps_never_show_their_secret() -> None:
    client = Client.read({"ClientId": "id", "ClientSecret": "hush"})
    assert client.secret == "hush"
    assert "hush" not in repr([client, AnswerTotp("ada", "hush")])


def test_a_lock_out_is_of_one_name_and_ends_after_a_quarter_of_an_hour_or_a_success() -> None:
    now = 0
    attempts, ada, bob = Attempts(lambda: now), ("password", "ada"), ("password", "bob")
    for _ in range(30):
        attempts.failed(ada)
    assert not attempts.is_locked(bob)
    assert not attempts.is_locked(("totp", "ada"))
    now = 899
    assert attempts.is_locked(ada)
    now = 900
    assert not attempts.is_locked(ada)
    for _ in range(4):
        attempts.failed(ada)
    attempts.succeeded(ada)
    attempts.failed(ada)
    assert not attempts.is_locked(ada)


@pytest.mark.parametrize(
    ("part", "text", "code"),
    [
        ("BodyText", "Your code is 123456.", "123456"),
        ("BodyText", "Order 1234567, no code", ""),
        ("BodyHtml", "<p>Code: <b>654321</b></p>", "654321"),
    ],
)
def test_the_code_is_found_in_a_mail(part: str, text: str, code: str) -> None:
    mail = read({"To": ["a@b.de"], "Timestamp": "2026-01-31T12:00:00Z", part: text})
    assert mail.code == code
    assert "<" not in mail.text


def test_triggers_that_nothing_runs_are_named() -> None:
    functions = {"PreSignUp": "a", "PreTokenGenerationConfig:V2_0": "b", "UserMigration": "c"}
    assert not_run(functions) == ["UserMigration"]


@pytest.mark.parametrize("path", ["/login", "/users", "/inbox"])
def test_a_page_says_that_the_pool_does_not_answer(path: str) -> None:
    settings = ManagedLogin(
        aws=LocalAws(f"http://127.0.0.1:{REFUSING_PORT}", "key", "secret"),
        user_pool_id="us-east-1_pool",
        pages_client_id="client",
        public_url="http://localhost:3001",
        app_url="http://localhost:3000",
        brand_name="Foyer",
        brand_color="#3d5a80",
        token_keys=Path(),
    )
    target = f"{path}?client_id=client"
    answer = asgi.ask(create_app(settings), {"host": "localhost:3001"}, target=target)
    assert answer.status == 503
    assert "The local user pool does not respond." in answer.body
    assert "<h1>Something is wrong</h1>" in answer.body  # not with the request
    assert "<img" not in answer.body  # without a logo


def test_a_language_of_the_app_alone_is_not_spoken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app_language._BY_TAG, "tlh", "tlh")
    assert choose("tlh", "tlh", "tlh").tag == "en"
    assert set(LANGUAGES) <= set(app_language.LANGUAGES)


def test_every_text_is_used_and_every_text_that_is_used_exists() -> None:
    used = set(re.findall(r'\bsay\("(\w+)"', "".join(TEMPLATES)))
    used |= in_source(FOLDER, r'\bsay\(\s*"(\w+)"') | in_source(
        FOLDER, r'ErrorPage\(.*?"(error_\w+)"'
    )
    policy = PasswordPolicy()
    broken = {*policy.broken(" " * 257), *policy.broken("")}
    used |= {f"attribute_{name}" for name in AUTOCOMPLETE} | {f"notice_{name}" for name in NOTICES}
    used |= {f"rule_{name}" for name in policy.rules()} | {f"broken_{name}" for name in broken}
    used |= {"again_password", "again_new_password"}
    assert used <= set(ENGLISH.texts)
    assert set(ENGLISH.texts) <= used | in_source(FOLDER, r'"(\w+)"')


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_language_has_the_same_texts_as_english(language: Language) -> None:
    assert language.texts.keys() == ENGLISH.texts.keys()
    for key, text in language.texts.items():
        english = ENGLISH.texts[key]
        assert placeholders(text) == placeholders(english), key
        assert text.strip(), key
        assert "<" not in text, key
        assert text == text.strip() or key == "list_separator", key
        if english.endswith(".") and key != "look_at":
            assert text[-1] in ".。", key
        if language is not ENGLISH and " " in english.strip():
            assert text != english, key


def test_templates_and_modules_contain_no_untranslated_texts() -> None:
    for template in TEMPLATES:
        html = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", template, flags=re.DOTALL)
        for spoken in re.findall(r'(?:alt|title|placeholder|aria-label)="([^"]*)"', html):
            assert not spoken
        words = re.findall(r"\w+", re.sub(r'<[^>]*>|[\w-]+="[^"]*"', "", html))
        assert set(words) <= {"required"}  # an attribute, outside of its tag in the source
    sentences = in_source(FOLDER, r'[^"# ] *"([A-Z][a-z]+ [a-z]+[^"]*)"(?!")')
    assert sentences == {UNREADABLE, "Basic was expected"}  # Cognito's, and one for programs
