def handler(event, context):
    user = event["requestContext"]["authorizer"]["lambda"]
    return {"orders": [], "of": user["name"], "id": user["sub"]}
