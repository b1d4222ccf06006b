"""Who may enter: verified e-mail addresses of some domains, or members of some groups.

The ID token decides, at sign-in and at each refresh. Imported only where a setting limits it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..email_domain import domain_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class EntryRules:
    """An empty set limits nothing. If both are set, a user must satisfy both.

    ``email_domains`` are as ``email_domain.ascii_form`` returns them.
    """

    email_domains: frozenset[str]
    groups: frozenset[str]

    def refusal(self, claims: Mapping[str, Any]) -> str:
        """Why the user with these claims may not enter, as a reason for the log; or ""."""
        if self.email_domains:
            # A boolean in Cognito's ID tokens, but a trigger may write a string.
            verified = claims.get("email_verified")
            if verified is not True and verified != "true":
                return "entry_email_unverified"
            if domain_of(_text(claims.get("email"))) not in self.email_domains:
                return "entry_email_domain"
        if self.groups and self.groups.isdisjoint(_groups(claims.get("cognito:groups"))):
            return "entry_group"
        return ""

    def account_name(self, claims: Mapping[str, Any], subject: str) -> str:
        """What users call their account: the e-mail address, else the user name, else the id."""
        names = (_text(claims.get(name)) for name in ("email", "cognito:username"))
        return next(filter(None, names), subject)


def _groups(claim: object) -> frozenset[str]:
    """Empty unless the claim is what Cognito writes, a list of texts."""
    if not isinstance(claim, list) or not all(isinstance(each, str) for each in claim):
        return frozenset()
    return frozenset(claim)


def _text(claim: object) -> str:
    return claim if isinstance(claim, str) else ""
