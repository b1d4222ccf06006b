"""DynamoDB on loopback: MiniStack's, behind a wire that can fail."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable
from email.utils import formatdate
from functools import cache
from typing import Any

from ministack.services import dynamodb  # type: ignore[import-untyped]

from local.places import TEMPLATE
from local.template_file import read_template
from tests.wire_faults import Fault, Line, Reply, json_reply
from tests.wire_server import Arrived, WireServer

_ONE_AT_A_TIME = threading.Lock()  # MiniStack answers in one thread


@cache
def _of_template() -> dict[str, Any]:
    properties = read_template(TEMPLATE)["Resources"]["SessionTable"]["Properties"]
    names = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    return {name: properties[name] for name in names}


class FakeDynamoDb:
    """One table of sessions, as template.yaml has it."""

    def __init__(self) -> None:
        self.name = f"sessions-{uuid.uuid4().hex}"
        self.faults: dict[str, Fault] = {}  # by operation, or by "" for all
        self.before: Callable[[str], None] = lambda _operation: None
        self.clock: Callable[[], float] = time.time
        self.asked: dict[str, dict[str, Any]] = {}  # the last request of each operation
        self._server = WireServer(self._answer)
        self.environ = {
            "SESSION_TABLE": self.name,
            "AWS_ENDPOINT_URL_DYNAMODB": self._server.url,
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_REGION": "eu-central-1",
        }
        self.call("CreateTable", **_of_template())

    def __enter__(self) -> FakeDynamoDb:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self.call("DeleteTable")

    def call(self, operation: str, **fields: Any) -> dict[str, Any]:
        """Ask the table itself, past the wire."""
        sent = json.dumps({"TableName": self.name, **fields}).encode()
        answer: dict[str, Any] = json.loads(self._carried_out(operation, sent).body)
        return answer

    def rows(self) -> list[dict[str, Any]]:
        return list(self.call("Scan")["Items"])

    def row(self) -> dict[str, Any]:
        (row,) = self.rows()
        return row

    def put(self, **row: Any) -> None:
        self.call("PutItem", Item=row)

    def empty(self) -> None:
        for row in self.rows():
            self.call("DeleteItem", Key={"id": row["id"]})

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        operation = arrived.headers["X-Amz-Target"].partition(".")[2]
        self.asked[operation] = json.loads(arrived.body)
        self.before(operation)
        fault = self.faults.get(operation) or self.faults.get("")
        if fault is None:
            line.send(self._carried_out(operation, arrived.body).to_bytes())
        else:
            fault(line, json_reply({}))
        return False

    def _carried_out(self, operation: str, body: bytes) -> Reply:
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        with _ONE_AT_A_TIME:
            status, _, answer = asyncio.run(dynamodb.handle_request("POST", "/", headers, body, {}))
        # Closed after each answer, so that clients need not be closed.
        fields = {"Connection": "close", "Date": formatdate(self.clock(), usegmt=True)}
        return Reply(status, answer if isinstance(answer, bytes) else answer.encode(), fields)
