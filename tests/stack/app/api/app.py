"""Answers with what it was given, and keeps a thing in its table."""

from __future__ import annotations

import json
import os
from typing import Any

import boto3


def guard(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Lets a request through that names somebody."""
    name = event["headers"].get("x-name", "")
    return {"isAuthorized": bool(name), "context": {"name": name}}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    stored = None
    if event["routeKey"] == "ANY /{id}":
        table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
        table.put_item(Item={"id": event["pathParameters"]["id"], "kept": True})
        stored = table.get_item(Key={"id": event["pathParameters"]["id"]})["Item"]
    body = {"event": event, "environment": dict(os.environ), "stored": stored}
    return {"statusCode": 200, "body": json.dumps(body)}
