"""Selects the route for a request, with API Gateway's priorities.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html: the most
specific path wins, a greedy ``{name+}`` has a lower priority than all but ``$default``, and a
route for one method has a higher priority than ``ANY``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from local.authorizers import Authorizer

_LITERAL, _VARIABLE, _GREEDY, _DEFAULT = range(4)


@dataclass(frozen=True)
class Route:
    """``path`` is ``$default`` for the catch-all; ``function`` names a function of the template.

    A JWT authorizer requires at least one of ``scopes``.
    """

    method: str
    path: str
    function: str
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The route key as events show it: ``GET /login``, ``ANY /files/{name+}``, ``$default``."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"

    @cached_property
    def specificity(self) -> tuple[tuple[int, ...], bool]:
        """Smaller is more specific; comparable only for routes that match the same request."""
        return tuple(_rank(segment) for segment in self.path.split("/")), self.method == "ANY"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path parameters, or None if the route does not match."""
        if self.method not in ("ANY", method):
            return None
        found = self._pattern.fullmatch(path)
        return None if found is None else dict(zip(self._names, found.groups(), strict=True))

    @cached_property
    def _names(self) -> list[str]:
        return [name.rstrip("+") for name in re.findall(r"\{([^}]+)\}", self.path)]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        if self.path == "$default":
            return re.compile(".*", re.DOTALL)
        segments = (
            "(.+)" if rank == _GREEDY else "([^/]+)" if rank == _VARIABLE else re.escape(segment)
            for segment in self.path.split("/")
            for rank in [_rank(segment)]
        )
        return re.compile("/".join(segments), re.DOTALL)


def select(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The best route for a request and its path parameters; ``path`` is percent-decoded."""
    for route in sorted(routes, key=lambda route: route.specificity):
        parameters = route.match(method, path)
        if parameters is not None:
            return route, parameters
    return None


def _rank(segment: str) -> int:
    if segment == "$default":
        return _DEFAULT
    if segment.startswith("{"):
        return _GREEDY if segment.endswith("+}") else _VARIABLE
    return _LITERAL
