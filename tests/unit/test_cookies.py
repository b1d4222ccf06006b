"""Set-Cookie lines."""

from __future__ import annotations

from foyer.cookies import CookieStyle


def test_a_secure_cookie_has_the_host_prefix_and_what_it_demands() -> None:
    line = CookieStyle(secure=True).line("a", "b", max_age=60)
    assert line == "__Host-a=b; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_on_http_localhost_the_prefix_and_secure_are_dropped() -> None:
    line = CookieStyle(secure=False).line("a", "b", max_age=60)
    assert line == "a=b; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"


def test_a_cookie_is_cleared_under_the_name_and_path_it_was_set_with() -> None:
    assert CookieStyle(secure=True).clear("a").startswith("__Host-a=; Max-Age=0; Path=/;")
