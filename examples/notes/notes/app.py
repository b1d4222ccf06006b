"""The JSON API. Only signed-in users reach it, and changes only come from the app's own pages."""

import json
import os
import time
import urllib.error
import urllib.request

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
        case "GET /api/count":
            return counted(user, own_origin(event))
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


def own_origin(event):
    """An API of somebody else's has an address that your code or a variable names instead."""
    domain = event["requestContext"]["domainName"]  # as API Gateway knows it, not as sent
    return f"http://{event['headers']['host']}" if domain == "localhost" else f"https://{domain}"


def counted(user, origin):
    """Asks the other API, with the user's access token (docs/calling-apis.md in Foyer)."""
    if not user.get("access_token"):
        return answer(501, {"message": "Deploy Foyer with Sessions=table PassAccessToken=true."})
    headers = {"Authorization": f"Bearer {user['access_token']}"}
    url = f"{origin}/notes/other/count"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http or https
    try:
        with urllib.request.urlopen(request, timeout=3) as found:  # noqa: S310 - likewise
            return answer(200, json.load(found))
    except urllib.error.HTTPError as error:  # 401: the token has expired; 403: no such scope
        return answer(502, {"message": f"The other API answered {error.code}."})
    except OSError:
        return answer(504, {"message": "The other API did not answer."})


def answer(status, value):
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(value)}
