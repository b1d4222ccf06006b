"""The floor: what Python and the runtime client cost by themselves."""


def handler(event, context):  # noqa: ARG001 - what Lambda calls
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello world"}
