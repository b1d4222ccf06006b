"""/inbox: the mails that the user pool has sent, with their codes."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from local.managed_login.incoming import Incoming
from local.managed_login.site import Site


def inbox_page(site: Site, incoming: Incoming) -> Response:
    """GET /inbox, newest first."""
    mails, back = site.outbox.mails(), incoming.visit.waits_for_mail_at
    return site.show("inbox.html", incoming, mails=mails, back=back)


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
            for mail in site.outbox.mails()
        ]
    )
