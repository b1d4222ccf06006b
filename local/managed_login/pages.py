"""Renders templates as escaped HTML, with headers that forbid scripts."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from foyer import color
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from local.managed_login.language import Language
from local.managed_login.settings import ManagedLogin

_HERE = Path(__file__).parent
_COMMON_LOOK = _HERE.parents[1] / "functions/web/foyer/pages/style.css"
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Field:
    """One labelled input; ``problem`` is shown next to it and announced with it."""

    name: str
    label: str
    type: str = "text"
    value: str = ""
    autocomplete: str = "off"
    inputmode: str = ""
    hint: str = ""
    rules: tuple[str, ...] = ()
    problem: str = ""
    is_required: bool = True
    begins_group: bool = False

    @property
    def autocapitalize(self) -> str:
        """For phone keyboards: personal names begin with a capital letter."""
        return "words" if self.autocomplete.endswith("name") and self.name != "username" else "none"


def username_field(
    label: str, value: str = "", problem: str = "", *, begins_group: bool = False
) -> Field:
    return Field(
        "username",
        label,
        value=value,
        autocomplete="username",
        problem=problem,
        begins_group=begins_group,
    )


def password_field(label: str, problem: str = "") -> Field:
    return Field("password", label, "password", autocomplete="current-password", problem=problem)


def code_field(label: str, problem: str = "") -> Field:
    return Field("code", label, autocomplete="one-time-code", inputmode="numeric", problem=problem)


class Pages:
    def __init__(self, settings: ManagedLogin) -> None:
        self._settings = settings
        self._style = "\n".join(
            [
                _COMMON_LOOK.read_text("utf-8"),
                (_HERE / "forms.css").read_text("utf-8"),
                color.style(settings.brand_color or "#3d5a80"),
            ]
        )
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._style_source = f"'sha256-{digest}'"

    def show(
        self,
        template: str,
        language: Language,
        *,
        status: int = 200,
        redirects_to: str = "",
        **values: Any,
    ) -> HTMLResponse:
        """``redirects_to``: where the page's form may redirect to, such as a redirect URI."""
        html = _TEMPLATES.get_template(template).render(
            brand=self._settings.brand_name,
            logo=self._settings.brand_logo,
            app_url=self._settings.app_url,
            style=self._style,
            lang=language.tag,
            say=language.say,
            status=status,
            **values,
        )
        headers = {"Content-Security-Policy": self._policy(redirects_to)}
        return HTMLResponse(html, status, headers)

    def _policy(self, redirects_to: str) -> str:
        # Browsers apply form-action to redirects after a form too, so it has to include the app.
        destinations = ["'self'"]
        if redirects_to:
            parts = urlsplit(redirects_to)
            destinations.append(
                f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
            )
        return "; ".join(
            [
                "default-src 'none'",
                f"style-src {self._style_source}",
                "img-src data:",
                "base-uri 'none'",
                "frame-ancestors 'none'",
                f"form-action {' '.join(destinations)}",
            ]
        )
