"""return_to always stays on this site, however browsers parse it."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from foyer.return_to import MAX_CHARACTERS, own_path
from hypothesis import example, given
from hypothesis import strategies as st

from tests.browser_urls import may_leave_the_site

TRICKY = st.text(alphabet=st.sampled_from("/\\\t\n\r \x00.@:?#%ehttpsvil\u2028\u00a0é"))


OPEN_REDIRECTS = [
    "//evil.example", "///evil.example", "////evil.example/%2f..", "/\\evil.example",
    "\\/evil.example", "\\\\evil.example", "/\t/evil.example", "/\r\n/evil.example",
    "\t//evil.example", "/%09/evil.example", "/%5cevil.example", "/%2f%2fevil.example",
    "/.//evil.example", "/..//evil.example", "/./\\evil.example", "/;@evil.example",
    "/@evil.example", "@evil.example", ":80@evil.example", ".evil.example",
    "https:evil.example", "https:/evil.example", "https://app.example.com@evil.example",
    "https://app.example.com.evil.example", "http://evil.example", "HtTpS://evil.example",
    "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x",
    "//evil%E3%80%82example", "/\u2028/evil.example", "/\u3002/evil.example",
    "\u2060//evil.example", "\ufeff//evil.example", "/\u00a0/evil.example",
    "/\uff0fevil.example", "/\u2215evil.example", "//[::1]/", "//127.1/",
    "/?next=//evil.example", "/#//evil.example",
]  # fmt: skip


@given(st.one_of(TRICKY, st.text(), TRICKY.map(lambda tail: "/" + tail)))
@example("\x01//evil.example")
def test_no_value_leads_to_another_site(value: str) -> None:
    location = own_path(value)
    assert location.startswith("/")
    assert not may_leave_the_site(location)
    assert location.isascii()
    assert not re.search(r"[\s\x00-\x1f\x7f]", location)
    assert not urljoin("https://app.example.com/a/b", location).startswith(
        "https://app.example.com//"
    )
    assert len(location) <= MAX_CHARACTERS


def test_no_known_open_redirect_leads_to_another_site() -> None:
    for value in OPEN_REDIRECTS:
        assert not may_leave_the_site(own_path(value))


@pytest.mark.parametrize(
    "value",
    ["//evil.example", "/\\evil.example", "/\u00a0/evil.example", "/..//evil.example",
     "/a/..//evil.example", "/.//evil.example", "/%2e%2E//evil.example",
     "/a/.%2e/%2e//evil.example", "/login", "/login/", "/signup?x=1", "/callback?code=a&state=b",
     "/logout#x", "/a/../logout", "/%6cogin", "/./callback//"],
)  # fmt: skip
def test_nobody_is_sent_to_a_host_or_a_page_that_signs_in_or_out(value: str) -> None:
    assert own_path(value) == "/"


MOVED = {
    "/files/Some Page": "/files/Some%20Page",
    "/search?q=red shoes": "/search?q=red%20shoes",
    "/a/./b/../c?x=../..": "/a/c?x=../..",
    "/a/..": "/",
    "/a/b/.": "/a/b/",
    "/größe?ä=é": "/gr%C3%B6%C3%9Fe?%C3%A4=%C3%A9",
}
AS_THEY_ARE = ["/", "/orders", "/...", "/a/b?c=d&e=%2F#f", "/.well-known/x", "/a//b", "/~user/(1)",
               "/a:b@c", "/logins", "/account/login"]  # fmt: skip


def test_a_path_is_kept_as_browsers_would_go_there() -> None:
    for value, location in (MOVED | dict(zip(AS_THEY_ARE, AS_THEY_ARE, strict=True))).items():
        assert own_path(value) == location


def test_a_path_too_long_once_encoded_is_dropped() -> None:
    assert own_path("/" + "a" * (MAX_CHARACTERS - 1)) != "/"
    assert own_path("/" + "a" * MAX_CHARACTERS) == "/"
    assert own_path("/" + "é" * 200) == "/"
