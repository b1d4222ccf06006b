"""Forms: a problem stands beside its field, and typed values are kept.

Arguments for words are keys of texts. Passwords and codes are never put back into a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from .. import forms, http_api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..http_api import Response
    from ..pages import Pages


class Forms:
    """The parts of pages with a form, in one language.

    Answers have status 400 when the input had a problem, else 200.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._text = pages.text

    def page(
        self,
        heading: str,
        path: str,
        submit: str,
        *,
        lead: str = "",
        fields: Markup | str = "",
        problem: str = "",
        has_problem: bool = False,
        username: str = "",
        is_dangerous: bool = False,
    ) -> Response:
        """``problem`` is about the form as a whole; problems of fields stand beside the fields.

        ``username`` is for password managers: it says whose password the form is about.
        """
        has_problem = has_problem or bool(problem)
        text = self._text
        hidden = self._pages.fill("account/username", username=username) if username else ""
        return self.show(
            "account/form",
            heading,
            has_problem=has_problem,
            heading=text[heading],
            hidden=hidden,
            look="danger" if is_dangerous else "",
            problem=self._pages.fill("account/alert", problem=text[problem]) if problem else "",
            lead=self._pages.fill("account/lead", lead=text[lead]) if lead else "",
            path=path,
            fields=fields,
            submit=text[submit],
        )

    def show(
        self,
        template: str,
        title: str,
        *,
        has_problem: bool = False,
        cookies: tuple[str, ...] = (),
        **values: object,
    ) -> Response:
        """A page of /account. After a problem its title begins with "Error", for screen readers."""
        text = self._text
        page = self._pages.page(
            template,
            title=Markup(" ").join((text["error"], text[title])) if has_problem else text[title],
            offers_languages=not has_problem,
            sign_out=self._pages.fill("account/sign_out"),
            **values,
        )
        return http_api.html(
            page,
            language=self._pages.language,
            status=400 if has_problem else 200,
            cookies=cookies,
            more_headers=forms.ON_PAGE,
        )

    def field(
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
        has_focus: bool = False,
    ) -> Markup:
        """``problem`` and ``more`` say what is wrong; they are keys, as ``hint`` is.

        ``rules`` are sentences that the value must comply with. A field with a problem has the
        focus; of several, the browser takes the first.
        """
        sentences = " ".join(self._text[key] for key in (problem, *more) if key)
        listed = Markup().join(self._pages.fill("account/rule", rule=rule) for rule in rules)
        notes = {"hint": self._text[hint] if hint else "", "rules": listed, "problem": sentences}
        shown = {
            note: self._pages.fill(f"account/{note}", name=name, **{note: words}) if words else ""
            for note, words in notes.items()
        }
        described = " ".join(f"{name}-{note}" for note, words in notes.items() if words)
        return self._pages.fill(
            "account/field",
            name=name,
            label=self._text[label],
            kind=kind,
            value=value,
            autocomplete=autocomplete,
            inputmode=inputmode,
            described=Markup(' aria-describedby="{}"').format(described) if described else "",
            is_invalid="true" if problem else "false",
            focus=" autofocus" if problem or has_focus else "",
            **shown,
        )
