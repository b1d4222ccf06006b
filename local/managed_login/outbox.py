"""The mails that the user pool sent, with the texts of its CustomMessage trigger.

MiniStack writes and records the mails. If the pool has the trigger, it runs after each mail: its
texts replace MiniStack's, and if it fails, the mail counts as not sent.
docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-message.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from local.managed_login.oauth_server import OAuthServer
from local.managed_login.triggers import UNREADABLE, TriggerRefused
from local.managed_login.user_triggers import UserTriggers

_CODE = re.compile(r"(?<!\w)[0-9]{6}(?!\w)")
_TAG = re.compile(r"<[^>]*>")
_CODE_PLACE = "{####}"


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    text: str
    sent: datetime

    @property
    def code(self) -> str:
        """The six-digit code in the mail, or an empty string."""
        found = _CODE.search(self.text) or _CODE.search(self.subject)
        return found[0] if found else ""


class Outbox:
    def __init__(self, oauth_server: OAuthServer, triggers: UserTriggers) -> None:
        self._server = oauth_server
        self._triggers = triggers
        self._written: dict[str, Mail | None] = {}  # by id; None was not sent

    def mails(self) -> list[Mail]:
        """The newest first."""
        found = [self._written.get(name, mail) for name, mail in self._recorded().items()]
        return sorted(filter(None, found), key=lambda mail: mail.sent, reverse=True)

    def write(self, source: str, username: str, client_id: str) -> None:
        """Write the mail that the pool has just sent to this user; raises TriggerRefused."""
        attributes = self._triggers.attributes(username) if self._triggers.has(source) else None
        if attributes is None:
            return
        name, mail = self._newest(attributes.get("email", ""))
        self._written[name] = None
        response = self._triggers.run(
            source,
            username,
            client_id,
            attributes,
            {"smsMessage": None, "emailMessage": None, "emailSubject": None},
            codeParameter=_CODE_PLACE,
            linkParameter="{##Click Here##}",
            usernameParameter=None,  # only in invitations
        )
        self._written[name] = written(mail, response)

    def _newest(self, address: str) -> tuple[str, Mail]:
        sent = [(name, mail) for name, mail in self._recorded().items() if mail.to == address]
        return max(sent, key=lambda pair: pair[1].sent)

    def _recorded(self) -> dict[str, Mail]:
        recorded = self._server.get("/_ministack/ses/messages").json().get("messages", {})
        return {mail["MessageId"]: read(mail) for account in recorded.values() for mail in account}


def written(mail: Mail, response: Mapping[str, Any]) -> Mail:
    """The mail with the trigger's texts; raises TriggerRefused if the code is missing."""
    message, subject = response.get("emailMessage"), response.get("emailSubject")
    if not all(isinstance(text, str | None) for text in (message, subject)):
        raise TriggerRefused(UNREADABLE)
    if message and _CODE_PLACE not in message:
        raise TriggerRefused(UNREADABLE)
    return replace(
        mail,
        subject=subject.replace(_CODE_PLACE, mail.code) if subject else mail.subject,
        text=_as_text(message.replace(_CODE_PLACE, mail.code)) if message else mail.text,
    )


def read(record: dict[str, Any]) -> Mail:
    """Read one mail from MiniStack's record; HTML is converted to text."""
    text = record.get("BodyText")
    return Mail(
        to=", ".join(record.get("To", [])),
        subject=record.get("Subject", ""),
        text=text.strip() if text else _as_text(record.get("BodyHtml") or ""),
        sent=_moment(record.get("Timestamp", 0)),
    )


def _as_text(html: str) -> str:
    return _TAG.sub(" ", html).strip()


def _moment(stamp: str | float) -> datetime:
    if isinstance(stamp, str):
        return datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC)
    return datetime.fromtimestamp(stamp, UTC)
