"""The API: only signed-in users reach it."""

import base64
import json


def handler(event, context):
    user = event["requestContext"]["authorizer"]["lambda"]
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        text = json.loads(body)["text"]
    except (ValueError, TypeError, KeyError):
        return answer(400, {"message": 'This needs {"text": …}.'})
    return answer(200, {"text": str(text).upper(), "by": user["name"] or user["username"]})


def answer(status, values):
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(values)}
