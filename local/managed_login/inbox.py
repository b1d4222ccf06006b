"""/inbox: the mails that the user pool has sent, with their codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from local.managed_login.incoming import Incoming
from local.managed_login.site import Site

_CODE = re.compile(r"(?<!\w)[0-9]{6}(?!\w)")
_TAG = re.compile(r"<[^>]*>")


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


def inbox_page(site: Site, incoming: Incoming) -> Response:
    """GET /inbox, newest first."""
    return site.show(
        "inbox.html", incoming, mails=_mails(site), back=incoming.visit.waits_for_mail_at
    )


def inbox_json(site: Site, _: Incoming) -> Response:
    """GET /inbox.json: the same, for tests of an app."""
    return JSONResponse(
        [
            {
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "code": mail.code,
                "sent": mail.sent.isoformat(),
            }
            for mail in _mails(site)
        ]
    )


def _mails(site: Site) -> list[Mail]:
    recorded = site.oauth_server.get("/_ministack/ses/messages").json().get("messages", {})
    mails = [read(mail) for account in recorded.values() for mail in account]
    return sorted(mails, key=lambda mail: mail.sent, reverse=True)


def read(record: dict[str, Any]) -> Mail:
    """Read one mail from MiniStack's record; HTML is converted to text."""
    text = record.get("BodyText") or _TAG.sub(" ", record.get("BodyHtml") or "")
    return Mail(
        to=", ".join(record.get("To", [])),
        subject=record.get("Subject", ""),
        text=text.strip(),
        sent=_moment(record.get("Timestamp", 0)),
    )


def _moment(stamp: str | float) -> datetime:
    if isinstance(stamp, str):
        return datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(UTC)
    return datetime.fromtimestamp(stamp, UTC)
