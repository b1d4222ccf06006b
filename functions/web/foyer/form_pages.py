"""Pages with a form: what is wrong stands beside the field, and what was typed is kept.

Words are keys of texts; passwords and codes are never put back into a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from . import forms, http_api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .http_api import Response
    from .pages import Pages


class FormPages:
    """Every answer has status 400 when something typed was wrong, else 200."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._text = pages.text
        self.brand_name = pages.brand_name

    def _form(
        self,
        heading: str,
        path: str,
        submit: str,
        *,
        lead: str = "",
        fields: Markup | str = "",
        problem: str = "",
        has_problem: bool = False,
    ) -> Response:
        """``problem`` is about the form as a whole; fields have theirs beside them."""
        has_problem = has_problem or bool(problem)
        text = self._text
        page = self._pages.page(
            "account/form",
            title=self._title(heading, has_problem),
            offers_languages=not has_problem,
            heading=text[heading],
            problem=self._pages.fill("account/alert", problem=text[problem]) if problem else "",
            lead=self._pages.fill("account/lead", lead=text[lead]) if lead else "",
            path=path,
            fields=fields,
            submit=text[submit],
        )
        return self._html(page, 400 if has_problem else 200)

    def _title(self, heading: str, has_problem: object) -> str:
        """What a screen reader says first: that something was wrong, if it was."""
        title = self._text[heading]
        return Markup(" ").join((self._text["error"], title)) if has_problem else title

    def _html(self, page: str, status: int) -> Response:
        language = self._pages.language
        return http_api.html(page, language=language, status=status, more_headers=forms.ON_PAGE)

    def _field(
        self,
        name: str,
        label: str,
        problem: str,
        *,
        autocomplete: str,
        more: tuple[str, ...] = (),
        kind: str = "text",
        value: str = "",
        hint: str = "",
        rules: Sequence[Markup] = (),
        inputmode: str = "text",
    ) -> Markup:
        """``problem`` and ``more`` say what is wrong; both are keys, as ``hint`` is.

        ``rules`` are sentences, for what has to be kept to.
        """
        sentences = " ".join(self._text[key] for key in (problem, *more) if key)
        listed = Markup().join(self._pages.fill("account/rule", rule=rule) for rule in rules)
        notes = {"hint": self._text[hint] if hint else "", "rules": listed, "problem": sentences}
        shown = {
            kind: self._pages.fill(f"account/{kind}", name=name, **{kind: words}) if words else ""
            for kind, words in notes.items()
        }
        described = " ".join(f"{name}-{kind}" for kind, words in notes.items() if words)
        return self._pages.fill(
            "account/field",
            name=name,
            label=self._text[label],
            kind=kind,
            value=value,
            autocomplete=autocomplete,
            inputmode=inputmode,
            described=described,
            is_invalid="true" if problem else "false",
            **shown,
        )
