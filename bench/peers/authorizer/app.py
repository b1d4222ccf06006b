"""The usual authorizer: PyJWT, requests for the pool's keys, boto3 for the client's id."""

import json
import os

import boto3
import jwt
import requests

ISSUER = os.environ["COGNITO_ISSUER"]

secrets = boto3.client("secretsmanager")
answer = secrets.get_secret_value(SecretId=os.environ["SECRET_ID"])
client_id = json.loads(answer["SecretString"])["client_id"]
keys = {
    key.key_id: key
    for key in jwt.PyJWKSet.from_dict(
        requests.get(os.environ["COGNITO_JWKS_URL"], timeout=5).json()
    ).keys
}


def handler(event, _context):
    cookies = dict(pair.split("=", 1) for pair in event.get("cookies", []))
    try:
        token = cookies["token"]
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(token, key.key, algorithms=["RS256"], audience=client_id, issuer=ISSUER)
    except (KeyError, jwt.InvalidTokenError):
        return {"isAuthorized": False}
    return {
        "isAuthorized": claims.get("token_use") == "id",
        "context": {"sub": claims["sub"], "name": claims["name"], "email": claims["email"]},
    }
