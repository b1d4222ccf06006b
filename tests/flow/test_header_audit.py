"""Every kind of answer: its headers and cookies."""

from __future__ import annotations

import re

import pytest
from foyer import routes
from foyer.route import Route

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack

AUTH = "https://auth.example.com"

# What the HTTP Observatory of Mozilla looks for (developer.mozilla.org/en-US/observatory/docs) and
# the OWASP cheat sheet. A page with a form sends its own origin as referrer; the
# style's hash is put in.
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src '<hash>'; img-src data:; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {AUTH}"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
SAYS_TOO_MUCH = {"etag", "last-modified", "expires", "server", "x-powered-by", "x-frame-options"}


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
    made.get("400", "/callback?code=a&code=b")
    made.get("403", made.callback("start", error="invalid_request") + "&error_description=denied")
    made.get("cancelled", made.callback("start", error="access_denied"))
    made.get("404", "/nowhere")
    made.note("cross-site POST", made.browser.post("/logout", origin="https://evil.example"))
    made.note("HEAD", made.browser.send("HEAD", "/", {}))
    made.get("502", made.callback("start", error="server_error"))
    made.get("503", made.callback("start", error="temporarily_unavailable"))
    cognito.fault("token", "http_500")
    made.get("502 upstream", made.callback("start"))
    cognito.repair("token")
    with monkeypatch.context() as patch:
        patch.setitem(routes.ROUTES, "GET /healthz", Route(lambda *_: 1 / 0))  # type: ignore[arg-type]
        made.get("500", "/healthz")
    made.note("sign-out", made.browser.post("/logout"))
    signed_in = Scan(stack)
    signed_in.get("callback", signed_in.callback("start"))
    cognito.sign_out_everywhere()
    stack.clock.advance(3599)
    signed_in.get("renewed", "/")
    stack.clock.advance(1)
    signed_in.get("ended session", "/")
    stack.vault.failure = "secret_not_found"
    no_secret = Scan(stack)
    no_secret.get("503 without secret", "/login")
    no_secret.browser.cookies["__Host-foyer-session"] = "x" * 64
    no_secret.get("503 problem", "/me")
    no_secret.note("incomplete sign-out", no_secret.browser.post("/logout"))
    made.answers |= signed_in.answers | no_secret.answers
    return made


def test_every_answer_carries_the_security_headers(scan: Scan) -> None:
    seen = {answer.status for answer in scan.answers.values()}
    assert seen == {200, 302, 303, 400, 401, 403, 404, 500, 502, 503}
    for name, answer in scan.answers.items():
        sent = dict(answer.headers)
        policy = sent.get("content-security-policy", "")
        sent["content-security-policy"] = re.sub(r"sha256-[A-Za-z0-9+/]{43}=", "<hash>", policy)
        has_form = 'method="post"' in answer.body or name == "HEAD"  # of the welcome page
        expected = HEADERS | ({"referrer-policy": "same-origin"} if has_form else {})
        assert {header: sent.get(header) for header in expected} == expected, name
        assert not SAYS_TOO_MUCH & {*sent}, name
        assert not {header for header in sent if header.startswith("access-control-")}, name
        assert "<script" not in answer.body.lower(), name
        if answer.body:
            media_type = "html" if answer.body.startswith("<!doctype") else "json|plain"
            assert re.search(media_type, sent.get("content-type", "")), name


def test_every_cookie_has_every_attribute(scan: Scan) -> None:
    answers = scan.answers.items()
    lines = [(name, line) for name, answer in answers for line in answer.cookies]
    for name, line in lines:
        pair, max_age, *others = line.split("; ")
        assert re.fullmatch(r"__Host-foyer-[A-Za-z0-9_-]+=[A-Za-z0-9_-]*", pair), name
        assert re.fullmatch(r"Max-Age=[0-9]+", max_age), name
        assert others == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"], name
        assert len(line) <= 4096, name
    assert {
        re.sub(r"(attempt|session|out)-.*", r"\1", line.split("=")[0]) for _, line in lines
    } == {
        "__Host-foyer-attempt",
        "__Host-foyer-notice",
        "__Host-foyer-refused",
        "__Host-foyer-restarted",
        "__Host-foyer-session",
        "__Host-foyer-signed-out",
    }


def test_a_get_never_signs_out(signed_in: Browser) -> None:
    for url in ("/logout", "/logout?logout_uri=https://evil.example", "/logout?confirm=1"):
        for method in ("GET", "HEAD"):
            answer = signed_in.send(method, url, {"sec-fetch-site": "cross-site"})
            assert answer.cookies == ()
    assert signed_in.is_signed_in
