"""Every answer's headers and cookies, judged by somebody else's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from foyer import routes

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import SECRET_ID, Stack
from tests.flow.observatory import directives, score

AUTH = "https://auth.example.com"
BEST = 135  # what a site can reach that is not on the HSTS preload list


class Scan:
    """A browser that keeps each answer, by what it is called, and each cookie's last line."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.browser = stack.browser(
            COGNITO_DOMAIN_URL=AUTH, COGNITO_BACKCHANNEL_URL=stack.cognito.domain_url
        )
        self.answers: dict[str, Answer] = {}

    def note(self, name: str, answer: Answer) -> Answer:
        self.answers[name] = answer
        return answer

    def get(self, name: str, url: str) -> Answer:
        return self.note(name, self.browser.get(url))

    def callback(self, name: str, *, error: str | None = None) -> str:
        """Start a sign-in; the callback's URL."""
        location = self.get(name, "/login").location
        assert location.startswith(f"{AUTH}/")
        at_the_fake = location.replace(AUTH, self.stack.cognito.domain_url)
        return self.stack.cognito.visit(at_the_fake, error=error)


@pytest.fixture
def scan(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Scan:
    """Each kind of answer there is, once."""
    made = Scan(stack)
    cognito = stack.cognito
    made.get("landing page", "/")
    made.get("401", "/me")
    made.get("sign-up", "/signup")
    made.get("restart", "/callback?code=made-up")
    made.get("callback", made.callback("start"))
    made.get("welcome page", "/")
    made.get("claims", "/me")
    made.get("sign-out page", "/logout")
    made.get("health", "/healthz")
    made.get("reloaded callback", "/callback?code=made-up&state=made-up")
    made.get("400", "/login?lang=de&lang=en")
    made.get("403", made.callback("start", error="access_denied"))
    made.get("404", "/nowhere")
    made.note("cross-site POST", made.browser.post("/logout", origin="https://evil.example"))
    made.note("HEAD", made.browser.send("HEAD", "/", {}))
    made.get("502", made.callback("start", error="server_error"))
    made.get("503", made.callback("start", error="temporarily_unavailable"))
    cognito.fault("token", "http_500")
    made.get("502 upstream", made.callback("start"))
    cognito.mend("token")
    with monkeypatch.context() as patch:
        patch.setitem(routes.ROUTES, "GET /healthz", lambda *_: 1 / 0)
        made.get("500", "/healthz")
    made.note("sign-out", made.browser.post("/logout"))
    signed_in = Scan(stack)
    signed_in.get("callback", signed_in.callback("start"))
    cognito.sign_out_everywhere()
    stack.clock.advance(3599)
    signed_in.get("renewed", "/")
    stack.clock.advance(1)
    signed_in.get("ended session", "/")
    stack.secrets_manager.delete_secret(SecretId=SECRET_ID, ForceDeleteWithoutRecovery=True)
    no_secret = Scan(stack)
    no_secret.get("503 without secret", "/login")
    no_secret.browser.cookies["__Host-foyer-session"] = "x" * 64
    no_secret.get("503 problem", "/me")
    no_secret.note("incomplete sign-out", no_secret.browser.post("/logout"))
    made.answers |= signed_in.answers | no_secret.answers
    return made


def test_every_status_there_is_was_seen(scan: Scan) -> None:
    seen = {answer.status for answer in scan.answers.values()}
    assert seen == {200, 302, 303, 400, 401, 403, 404, 500, 502, 503}


def test_the_observatory_would_give_every_answer_the_best_grade(scan: Scan) -> None:
    lines = list(scan.answers["callback"].cookies)  # its jar, once somebody has signed in
    for name, answer in scan.answers.items():
        points, modifiers = score(answer.headers, answer.body, [*lines, *answer.cookies])
        assert points >= BEST, (name, modifiers)


def test_the_audit_takes_points_off(scan: Scan) -> None:
    """Else the test above could not fail."""
    good = scan.answers["welcome page"]
    cookie = "__Host-foyer-session=x; Path=/; Secure; HttpOnly; SameSite=Lax"
    policy = good.headers["content-security-policy"]

    def points(cookies: tuple[str, ...] = (cookie,), body: str = good.body, **more: str) -> int:
        changed = {name.replace("_", "-"): value for name, value in more.items()}
        return score({**good.headers, **changed}, body, cookies)[0]

    assert points() == BEST
    for name in (
        "content-security-policy",
        "referrer-policy",
        "strict-transport-security",
        "x-content-type-options",
        "cross-origin-resource-policy",
    ):
        without = {other: value for other, value in good.headers.items() if other != name}
        assert score(without, good.body, [cookie])[0] < BEST, name
    for attribute in ("; Secure", "; HttpOnly", "; SameSite=Lax"):
        assert points((cookie.replace(attribute, ""),)) < BEST
    assert points(content_security_policy=policy.replace("frame-ancestors 'none'", "")) < BEST
    assert points(content_security_policy=policy + "; script-src 'unsafe-inline'") < BEST
    assert points(content_security_policy=policy.replace("default-src 'none'", "")) < BEST
    assert points(content_security_policy=policy.replace("https://auth", "http://auth")) < BEST
    assert points(strict_transport_security="max-age=300") < BEST
    assert points(body="<script src=x></script>") < BEST
    assert points(referrer_policy="unsafe-url") < BEST


def test_the_policy_allows_no_more_than_the_pages_need(scan: Scan) -> None:
    for name, answer in scan.answers.items():
        csp = directives(answer.headers["content-security-policy"])
        (style,) = csp.pop("style-src")
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", style), name
        assert csp == {
            "default-src": {"'none'"},
            "img-src": {"data:"},
            "base-uri": {"'none'"},
            "frame-ancestors": {"'none'"},
            "form-action": {"'self'", AUTH},
        }, name


def test_nothing_is_cached_and_nothing_is_said_about_the_server(scan: Scan) -> None:
    for name, answer in scan.answers.items():
        assert answer.headers["cache-control"] == "no-store", name
        assert answer.headers["cross-origin-opener-policy"] == "same-origin", name
        assert not {"etag", "last-modified", "expires", "server", "x-powered-by"} & {
            *answer.headers
        }, name


def test_every_body_says_what_it_is(scan: Scan) -> None:
    for name, answer in scan.answers.items():
        media_type = answer.headers.get("content-type", "")
        if answer.body:
            expected = "html" if answer.body.startswith("<!doctype") else "json|plain"
            assert re.search(expected, media_type), name


def cookie_lines(scan: Scan) -> Iterator[tuple[str, str]]:
    for name, answer in scan.answers.items():
        for line in answer.cookies:
            yield name, line


def test_every_cookie_has_every_attribute(scan: Scan) -> None:
    lines = list(cookie_lines(scan))
    for name, line in lines:
        pair, max_age, *others = line.split("; ")
        assert re.fullmatch(r"__Host-foyer-[A-Za-z0-9_-]+=[A-Za-z0-9_-]*", pair), name
        assert re.fullmatch(r"Max-Age=[0-9]+", max_age), name
        assert others == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"], name
        assert len(line) <= 4096, name
    assert {re.sub(r"attempt-.*", "attempt", line.split("=")[0]) for _, line in lines} == {
        "__Host-foyer-attempt",
        "__Host-foyer-restarted",
        "__Host-foyer-session",
    }


def test_a_get_never_signs_anybody_out_and_an_image_cannot_either(
    stack: Stack, browser: Browser
) -> None:
    stack.sign_in(browser)
    for url in ("/logout", "/logout?logout_uri=https://evil.example", "/logout?confirm=1"):
        for method in ("GET", "HEAD"):
            answer = browser.send(method, url, {"sec-fetch-site": "cross-site"})
            assert answer.cookies == ()
    assert browser.get("/me").status == 200
