"""A stub of DynamoDB: keeps the sessions' rows and checks nothing.

The tests use MiniStack's DynamoDB, which takes longer to answer than the function to ask.
"""

from __future__ import annotations

import json
import ssl
import time
from collections import Counter
from typing import Any

from tests.wire_faults import Line, json_reply
from tests.wire_server import Arrived, WireServer


class SessionTable:
    """Serves until ``stop``; counts its requests as ``table``."""

    def __init__(self, calls: Counter[str], tls: ssl.SSLContext, *, latency: float) -> None:
        """``latency`` is the delay in seconds of each handshake and each answer."""
        self.rows: dict[str, Any] = {}  # by id
        self._calls = calls
        self._latency = latency
        self._server = WireServer(self._answer, tls)
        self.url = self._server.url

    def stop(self) -> None:
        self._server.close()

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        self._calls["table"] += 1
        time.sleep(self._latency * (1 if line.served_before else 2))
        line.send(json_reply(self._carried_out(arrived)).to_bytes())
        return True

    def _carried_out(self, arrived: Arrived) -> dict[str, Any]:
        fields = json.loads(arrived.body)
        operation = arrived.headers["X-Amz-Target"].partition(".")[2]
        if operation == "PutItem":
            self.rows[fields["Item"]["id"]["S"]] = fields["Item"]
            return {}
        if operation == "GetItem":
            row = self.rows.get(fields["Key"]["id"]["S"], {})
            wanted = fields["ProjectionExpression"].split(",")
            return {"Item": {name: row[name] for name in wanted}} if row else {}
        raise NotImplementedError(operation)  # the measured requests need no other
