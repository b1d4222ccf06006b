"""FastAPI with Authlib behind Mangum, secret from Secrets Manager by boto3."""

import html
import json
import os

import boto3
from authlib.integrations.starlette_client import OAuth
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from mangum import Mangum
from starlette.middleware.sessions import SessionMiddleware

LANDING = """<!doctype html><html lang="en"><title>Welcome</title>
<h1>Welcome</h1><p><a href="/login">Sign in</a> <a href="/signup">Create account</a></p></html>"""
WELCOME = """<!doctype html><html lang="en"><title>Welcome</title>
<h1>Welcome, {name}</h1><p>{email}</p><a href="/logout">Sign out</a></html>"""

client = boto3.client("secretsmanager")
secret = json.loads(client.get_secret_value(SecretId=os.environ["SECRET_ID"])["SecretString"])
domain = os.environ["COGNITO_DOMAIN_URL"]

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
app.add_middleware(SessionMiddleware, secret_key=secret["session_key"], https_only=True)
oauth = OAuth()
# Set one by one, so that no discovery document has to be fetched.
oauth.register(
    "cognito",
    client_id=secret["client_id"],
    client_secret=secret["client_secret"],
    authorize_url=f"{domain}/oauth2/authorize",
    access_token_url=f"{domain}/oauth2/token",
    userinfo_endpoint=f"{domain}/oauth2/userInfo",
    jwks_uri=os.environ["COGNITO_JWKS_URL"],
    issuer=os.environ["COGNITO_ISSUER"],
    client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
)


@app.get("/")
async def home(request: Request):
    user = request.session.get("user")
    if user is None:
        return HTMLResponse(LANDING)
    escaped = {name: html.escape(value) for name, value in user.items()}
    return HTMLResponse(WELCOME.format(**escaped))


@app.get("/login")
async def login(request: Request):
    return await oauth.cognito.authorize_redirect(request, os.environ["APP_URL"] + "/callback")


@app.get("/callback")
async def callback(request: Request):
    token = await oauth.cognito.authorize_access_token(request)
    profile = await oauth.cognito.userinfo(token=token)
    if profile["sub"] != token["userinfo"]["sub"]:
        return PlainTextResponse("another user", status_code=502)
    request.session["user"] = {"name": profile["name"], "email": profile["email"]}
    return RedirectResponse("/", status_code=303)


handler = Mangum(app, lifespan="off")
