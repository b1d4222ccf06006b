"""A parsed request, as handlers receive it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from local.managed_login.errors import ErrorPage
from local.managed_login.language import Language
from local.managed_login.visits import Visit

MAXIMUM_BODY_BYTES = 64 * 1024


@dataclass(frozen=True)
class Parameters:
    """Query or form parameters in order; a missing one is an empty string."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Parameters:
        return cls(tuple(parse_qsl(text, keep_blank_values=True, errors="replace")))

    def __getitem__(self, name: str) -> str:
        return next((value for key, value in self.pairs if key == name), "")

    def repeated(self) -> frozenset[str]:
        counts = Counter(name for name, _ in self.pairs)
        return frozenset(name for name, count in counts.items() if count > 1)

    def without(self, *names: str) -> Parameters:
        return Parameters(tuple(pair for pair in self.pairs if pair[0] not in names))

    def adding(self, **values: str) -> Parameters:
        return Parameters(self.without(*values).pairs + tuple(values.items()))

    def encoded(self) -> str:
        return urlencode(self.pairs)


@dataclass(frozen=True)
class Incoming:
    path: str
    query: Parameters
    form: Parameters
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    visit: Visit
    language: Language

    def say(self, key: str, /, **values: object) -> str:
        """A text in the visitor's language."""
        return self.language.say(key, **values)

    def typed(self, name: str, otherwise: str = "") -> str:
        """The posted value of this field, or ``otherwise`` if nothing was posted."""
        return self.form[name] if self.form.pairs else otherwise

    @property
    def code(self) -> str:
        """The code, without spaces and with full-width digits converted."""
        return "".join(unicodedata.normalize("NFKC", self.form["code"]).split())

    def to(self, path: str, **extra: str) -> str:
        """``path`` with this request's query, without those of one step, plus ``extra``."""
        return f"{path}?{self.query.without('step', 'notice').adding(**extra).encoded()}"

    def here(self, **extra: str) -> str:
        """This page with its query, plus ``extra``."""
        return f"{self.path}?{self.query.adding(**extra).encoded()}"


async def read_form(request: Request) -> Parameters:
    """Read the posted form; raises ErrorPage for other content types and oversized bodies."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise ErrorPage("invalid_request", "error_unspecified", 415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            raise ErrorPage("invalid_request", "error_unspecified", 413)
    return Parameters.parse(body.decode("utf-8", "replace"))
