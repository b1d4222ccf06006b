"""The pure parts of the managed-login pages: policy, schema, lock-out, memory, redirects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.managed_login.attempts import Attempts
from local.managed_login.attributes import problem_with
from local.managed_login.authorization import with_query
from local.managed_login.incoming import Parameters
from local.managed_login.language import ENGLISH
from local.managed_login.outbox import read
from local.managed_login.pool import Attribute, Client, PasswordPolicy, Pool
from local.managed_login.users import temporary_password
from local.managed_login.visits import AnswerTotp, ConfirmEmail, Shelf, Visit

STRICT = PasswordPolicy(minimum_length=8)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("Aa1!aaaa", ()),
        ("Aa1!aaa", ("length",)),
        ("aa1!aaaa", ("uppercase",)),
        ("AA1!AAAA", ("lowercase",)),
        ("Aaa!aaaa", ("number",)),
        ("Aa1aaaaa", ("symbol",)),
        ("Aa1!aaaa ", ("outer_space",)),
        ("Aa1!" + "a" * 253, ("too_long",)),
    ],
)
def test_each_rule_that_a_password_breaks_is_named(password: str, broken: tuple[str, ...]) -> None:
    assert STRICT.broken(password) == broken


@pytest.mark.parametrize("length", [6, 12, 99])
def test_a_temporary_password_keeps_every_rule(length: int) -> None:
    policy = PasswordPolicy.read({"MinimumLength": str(length), "RequireSymbols": "false"})
    assert policy.rules() == ("length", "uppercase", "lowercase", "number")
    assert policy.broken(temporary_password(policy)) == ()


def attribute(name: str, kind: str = "String", **bounds: int) -> Attribute:
    return Attribute(name, kind, False, True, bounds.get("minimum"), bounds.get("maximum"))


@pytest.mark.parametrize(
    ("checked", "good", "bad"),
    [
        (attribute("email"), "a.b+c@example.com", "a@b"),
        (attribute("phone_number"), "+14155550123", "0415 5550123"),
        (attribute("birthdate"), "1990-01-31", "1990-02-31"),
        (attribute("custom:n", "Number", minimum=1, maximum=9), "9", "10"),
        (attribute("custom:n", "Number", minimum=-3), "-3", "1.5"),
        (attribute("custom:t", "DateTime"), "2026-01-31T12:00:00Z", "soon"),
        (attribute("custom:s", minimum=2, maximum=3), "abc", "abcd"),
        (attribute("custom:s", minimum=2), "ab", "a"),
    ],
)
def test_values_are_checked_against_the_schema(checked: Attribute, good: str, bad: str) -> None:
    assert problem_with(checked, good, ENGLISH.say) == ""
    assert problem_with(checked, bad, ENGLISH.say)


def test_a_schema_is_read_with_its_bounds_as_strings_or_numbers() -> None:
    read_one = Attribute.read(
        {
            "Name": "custom:level",
            "AttributeDataType": "Number",
            "Mutable": "true",
            "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": 5},
        }
    )
    assert (read_one.minimum, read_one.maximum) == (1, 5)
    assert read_one.mutable
    assert read_one.is_custom


def test_names_are_folded_only_where_the_pool_knows_no_case() -> None:
    assert Pool.read({"UsernameConfiguration": {"CaseSensitive": False}}).fold(" Ada ") == "ada"
    assert Pool.read({"UsernameConfiguration": {"CaseSensitive": True}}).fold(" Ada ") == "Ada"
    assert Pool.read({}).fold("Ada") == "Ada"


def test_clients_and_steps_never_show_their_secret() -> None:
    client = Client.read({"ClientId": "id", "ClientSecret": "hush"})
    assert client.secret == "hush"
    assert "hush" not in repr([client, AnswerTotp("ada", "hush")])


def test_lock_out_ends_after_a_quarter_of_an_hour_and_is_forgotten() -> None:
    clock = Clock()
    attempts, key = Attempts(clock), ("password", "ada")
    for _ in range(30):
        attempts.failed(key)
    clock.now += 899
    assert attempts.is_locked(key)
    clock.now += 1
    assert not attempts.is_locked(key)
    attempts.failed(key)
    assert not attempts.is_locked(key)


def test_a_success_forgets_the_failures_and_failures_of_one_user_lock_no_other() -> None:
    attempts, ada, bob = Attempts(Clock()), ("password", "ada"), ("password", "bob")
    for _ in range(9):
        attempts.failed(ada)
    assert attempts.is_locked(ada)
    assert not attempts.is_locked(bob)
    assert not attempts.is_locked(("totp", "ada"))
    for _ in range(4):
        attempts.failed(bob)
    attempts.succeeded(bob)
    attempts.failed(bob)
    assert not attempts.is_locked(bob)


def test_a_shelf_forgets_in_time_and_makes_room_for_the_new() -> None:
    clock = Clock()
    shelf: Shelf[str] = Shelf(60, 2, clock)
    names = [shelf.put(value) for value in ("first", "second", "third")]
    assert [shelf.get(name) for name in names] == [None, "second", "third"]
    clock.now += 60
    assert shelf.get(names[2]) is None
    assert shelf.get("") is None


def test_a_step_is_found_by_its_own_kind_only() -> None:
    visit = Visit(Clock())
    name = visit.begin(ConfirmEmail("ada"))
    assert visit.step(name, ConfirmEmail) == ConfirmEmail("ada")
    assert visit.step(name, AnswerTotp) is None
    visit.end(name)
    assert visit.step(name, ConfirmEmail) is None


@given(st.lists(st.tuples(st.text(), st.text())))
def test_parameters_survive_being_written_and_read(pairs: list[tuple[str, str]]) -> None:
    try:
        written = Parameters(tuple(pairs)).encoded()
    except UnicodeEncodeError:  # lone surrogates never come off the wire
        return
    assert Parameters.parse(written).pairs == tuple(pairs)


def test_parameters_are_added_to_a_redirect_uri_that_has_some() -> None:
    assert with_query("https://a.example/cb", {"code": "1"}) == "https://a.example/cb?code=1"
    assert with_query("https://a.example/cb?x=1", {"e": "a b"}) == "https://a.example/cb?x=1&e=a+b"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 123456.", "123456"),
        ("Order 1234567, no code", ""),
        ("<p>Code: <b>654321</b></p>", "654321"),
    ],
)
def test_the_code_is_found_in_a_mail(text: str, code: str) -> None:
    fields = {"BodyText": "", "BodyHtml": "", "BodyHtml" if "<" in text else "BodyText": text}
    sent = {"To": ["a@b.de"], "Subject": "Hello", "Timestamp": "2026-01-31T12:00:00Z"}
    mail = read(sent | fields)
    assert mail.code == code
    assert "<" not in mail.text
