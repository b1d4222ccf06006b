"""The usual Powertools stack, with requests, PyJWT and jinja2."""

import base64
import hashlib
import os
import secrets
import time
from urllib.parse import urlencode

import jinja2
import jwt
import requests
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from aws_lambda_powertools.utilities import parameters

LANDING = """<!doctype html><html lang="en"><title>Welcome</title>
<h1>Welcome</h1><p><a href="/login">Sign in</a> <a href="/signup">Create account</a></p></html>"""
WELCOME = """<!doctype html><html lang="en"><title>Welcome</title>
<h1>Welcome, {{ name }}</h1><p>{{ email }}</p><a href="/logout">Sign out</a></html>"""

DOMAIN = os.environ["COGNITO_DOMAIN_URL"]
REDIRECT_URI = os.environ["APP_URL"] + "/callback"

app = APIGatewayHttpResolver()
logger = Logger(service="bench")
tracer = Tracer(service="bench")
pages = jinja2.Environment(autoescape=True)
landing, welcome = pages.from_string(LANDING), pages.from_string(WELCOME)
connections = requests.Session()
keys = jwt.PyJWKClient(os.environ["COGNITO_JWKS_URL"])


def read_secret():
    return parameters.get_secret(os.environ["SECRET_ID"], max_age=300, transform="json")


read_secret()


def cookie(name, claims, seconds):
    value = jwt.encode(
        {**claims, "exp": int(time.time()) + seconds}, read_secret()["session_key"], "HS256"
    )
    return Cookie(
        name=name, value=value, max_age=seconds, http_only=True, secure=True,
        same_site=SameSite.LAX_MODE, path="/",
    )  # fmt: skip


def opened(name):
    value = app.current_event.cookies
    found = dict(pair.split("=", 1) for pair in value).get(name)
    return found and jwt.decode(found, read_secret()["session_key"], algorithms=["HS256"])


def redirect(location, *cookies):
    return Response(302, body="", headers={"location": location}, cookies=list(cookies))


@app.get("/")
def home():
    user = opened("session")
    page = landing.render() if user is None else welcome.render(user)
    return Response(200, content_type="text/html; charset=utf-8", body=page)


@app.get("/login")
def login():
    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": read_secret()["client_id"],
        "redirect_uri": REDIRECT_URI,
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    attempt = cookie("attempt", {"state": state, "nonce": nonce, "verifier": verifier}, 600)
    return redirect(f"{DOMAIN}/oauth2/authorize?{urlencode(query)}", attempt)


@app.get("/callback")
@tracer.capture_method(capture_response=False)
def callback():
    query = app.current_event.query_string_parameters
    attempt = opened("attempt")
    if not secrets.compare_digest(attempt["state"], query["state"]):
        return Response(400, content_type="text/plain", body="another state")
    secret = read_secret()
    tokens = connections.post(
        f"{DOMAIN}/oauth2/token",
        data={"grant_type": "authorization_code", "code": query["code"],
              "redirect_uri": REDIRECT_URI, "code_verifier": attempt["verifier"]},
        auth=(secret["client_id"], secret["client_secret"]),
        timeout=5,
    ).json()  # fmt: skip
    claims = jwt.decode(
        tokens["id_token"],
        keys.get_signing_key_from_jwt(tokens["id_token"]).key,
        algorithms=["RS256"],
        audience=secret["client_id"],
        issuer=os.environ["COGNITO_ISSUER"],
    )
    profile = connections.get(
        f"{DOMAIN}/oauth2/userInfo",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=5,
    ).json()
    if claims["nonce"] != attempt["nonce"] or profile["sub"] != claims["sub"]:
        return Response(502, content_type="text/plain", body="another visitor")
    user = {"name": profile["name"], "email": profile["email"]}
    return redirect("/", cookie("session", user, 3600))


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event, context):
    return app.resolve(event, context)
