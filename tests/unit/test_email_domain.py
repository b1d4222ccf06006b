"""The domain of an e-mail address: exact, in one form, and never somebody else's."""

from __future__ import annotations

import pytest
from foyer.email_domain import ascii_form, domain_of


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("ada@example.com", "example.com"),
        ("Ada.King+notes@EXAMPLE.com", "example.com"),
        ("ada@mail.example.com", "mail.example.com"),
        ("ada@bücher.example", "xn--bcher-kva.example"),
        ("ada@BU\N{COMBINING DIAERESIS}CHER.example", "xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("österreich@example.com", "example.com"),
    ],
)
def test_an_address_has_a_domain_in_one_form(address: str, domain: str) -> None:
    assert domain_of(address) == domain


@pytest.mark.parametrize(
    "address",
    [
        *("", "example.com", "@example.com", "ada@", "ada@example", "ada@example.com."),
        *("ada@.example.com", "ada@-.com", "ada@example.com ", "ada @example.com"),
        *("ada@example.com\n", "ada@[192.0.2.1]", "mallory@evil.example@example.com"),
        "mallory@evil.example,ada@example.com",
        "mallory@evil.example;ada@example.com",
        "<mallory@evil.example>ada@example.com",
        '"mallory@evil.example"@example.com',
        "mallory(@evil.example)@example.com",
        "=?utf-8?q?mallory=40evil.example=3e=20?=@example.com",
        "ada=?utf-7?b?JkFFQS0?=@example.com",
        "a" * 256 + "@example.com",
        "ada@" + "a" * 64 + ".com",
    ],
)
def test_an_address_that_programs_may_read_in_two_ways_has_none(address: str) -> None:
    assert domain_of(address) == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("faß.example", "fass.example"),
        ("\N{KELVIN SIGN}elvin.example", "kelvin.example"),
        ("\N{FULLWIDTH LATIN SMALL LETTER E}xample.com", "example.com"),
        ("\N{CYRILLIC SMALL LETTER A}pple.example", "apple.example"),
        ("İstanbul.example", "istanbul.example"),
        ("example\N{IDEOGRAPHIC FULL STOP}com.example", "example.com.example"),
    ],
)
def test_no_letter_becomes_another(one: str, other: str) -> None:
    assert ascii_form(one) != ascii_form(other)


def test_what_is_no_text_has_no_domain() -> None:
    assert domain_of("ada@\ud800.example") in ("", "xn--ib9b.example")
