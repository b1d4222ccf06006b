"""The baseline: the cost of Python and the runtime client alone."""


def handler(event, context):  # noqa: ARG001 - Lambda's signature
    return {"statusCode": 200, "headers": {"content-type": "text/plain"}, "body": "hello world"}
