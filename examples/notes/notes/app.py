"""The JSON API. Only signed-in users reach it, and changes only come from the app's own pages."""

import json
import os
import time

import boto3
from boto3.dynamodb.conditions import Key

TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])
EVERYBODY = "everybody"  # stands in place of a sub, which is a UUID


def handler(event, context):
    user = event["requestContext"]["authorizer"]["lambda"]
    match event["routeKey"]:
        case "GET /api/notes":
            notes, announcements = notes_of(user["sub"]), notes_of(EVERYBODY)
            return answer(200, {"notes": notes, "announcements": announcements})
        case "POST /api/notes":
            return add(user["sub"], event)
        case "DELETE /api/notes/{id}":
            # The user's own key: another user's note is out of reach, whatever the id.
            TABLE.delete_item(Key={"sub": user["sub"], "id": event["pathParameters"]["id"]})
            return answer(200, {})
        case "POST /api/announcements":
            if "editors" not in user["groups"]:
                return answer(403, {"message": "Only editors may announce something."})
            return add(EVERYBODY, event)


def notes_of(owner):
    found = TABLE.query(KeyConditionExpression=Key("sub").eq(owner), Limit=100)
    return [{"id": note["id"], "text": note["text"]} for note in found["Items"]]


def add(owner, event):
    try:
        text = json.loads(event["body"])["text"].strip()
    except (AttributeError, KeyError, TypeError, ValueError):
        text = ""
    if not 1 <= len(text) <= 1000:
        return answer(400, {"message": "text: 1 to 1000 characters"})
    note = {"id": str(time.time_ns()), "text": text}  # the oldest note comes first
    TABLE.put_item(Item={"sub": owner, **note})
    return answer(201, note)


def answer(status, value):
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(value)}
