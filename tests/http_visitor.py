"""A visitor without a browser: follows links and fills in forms over HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import urljoin

import requests

from tests.stack.html_page import HtmlPage


class HttpVisitor:
    """Keeps cookies and follows redirects; ``app`` is the app's origin."""

    def __init__(self, app: str) -> None:
        self._app = app
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy for localhost
        self.answer = requests.Response()

    @property
    def cookies(self) -> requests.cookies.RequestsCookieJar:
        return self._http.cookies

    @property
    def page(self) -> HtmlPage:
        return HtmlPage(self.answer.text)

    def open(self, address: str = "/", *, follow: bool = True) -> None:
        """A path is relative to the current page, or to the app."""
        url = urljoin(self.answer.url or self._app, address)
        self.answer = self._http.get(url, timeout=30, allow_redirects=follow)
        self._go_on(follow)

    def _go_on(self, follow: bool) -> None:
        """As browsers do by themselves, where a page says so."""
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', self.answer.text)
        if found and follow:
            self.open(html.unescape(found[1]))

    def send(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """As a script of the app's page does, if the headers say so."""
        self.answer = self._http.request(
            method, f"{self._app}{path}", headers=headers, timeout=30, allow_redirects=False
        )

    def press(self, button: str, *, follow: bool = True, **values: str) -> None:
        """Fill in the form that has this button and submit it, as browsers do."""
        form = self.page.form(button)
        self.answer = self._http.post(
            urljoin(self.answer.url, form.action),
            form.fields | values,
            headers={"Origin": self._app, "Sec-Fetch-Site": "same-origin"},
            timeout=30,
            allow_redirects=follow,
        )
        self._go_on(follow)

    def begin_sign_in(self) -> None:
        self.open(self._app)
        self.open(self.page.link("Sign in"))

    def sign_in(self, username: str, password: str, *, follow: bool = True) -> None:
        self.begin_sign_in()
        self.press("Sign in", follow=follow, username=username, password=password)
