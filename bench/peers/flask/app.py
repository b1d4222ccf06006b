"""Flask with flask-cognito-lib behind apig-wsgi, secret from Secrets Manager by boto3."""

import json
import os

import boto3
import requests
from apig_wsgi import make_lambda_handler
from flask import Flask, g, redirect, render_template_string, session, url_for
from flask_cognito_lib import CognitoAuth
from flask_cognito_lib.config import Config
from flask_cognito_lib.decorators import cognito_login, cognito_login_callback

LANDING = """<!doctype html><html lang="en"><title>Welcome</title>
<h1>Welcome</h1><p><a href="/login">Sign in</a> <a href="/signup">Create account</a></p></html>"""
WELCOME = """<!doctype html><html lang="en"><title>Welcome</title>
<h1>Welcome, {{ user.name }}</h1><p>{{ user.email }}</p><a href="/logout">Sign out</a></html>"""


class LocalPool(Config):
    """The library derives these from region and pool; the benchmark uses other addresses."""

    issuer = os.environ["COGNITO_ISSUER"]
    jwk_endpoint = os.environ["COGNITO_JWKS_URL"]


class Auth(CognitoAuth):
    """The decorator does not expose the access token, which UserInfo needs."""

    def get_tokens(self, **arguments):
        tokens = super().get_tokens(**arguments)
        g.access_token = tokens.access_token
        return tokens


client = boto3.client("secretsmanager")
secret = json.loads(client.get_secret_value(SecretId=os.environ["SECRET_ID"])["SecretString"])

app = Flask(__name__)
app.secret_key = secret["session_key"]
app.config.update(
    AWS_REGION=os.environ["AWS_REGION"],
    AWS_COGNITO_DOMAIN=os.environ["COGNITO_DOMAIN_URL"],
    AWS_COGNITO_USER_POOL_ID=os.environ["COGNITO_ISSUER"].rpartition("/")[2],
    AWS_COGNITO_USER_POOL_CLIENT_ID=secret["client_id"],
    AWS_COGNITO_USER_POOL_CLIENT_SECRET=secret["client_secret"],
    AWS_COGNITO_REDIRECT_URL=os.environ["APP_URL"] + "/callback",
    AWS_COGNITO_LOGOUT_URL=os.environ["APP_URL"] + "/",
    AWS_COGNITO_SCOPES=["openid", "email", "profile"],
    SESSION_COOKIE_SECURE=True,
    SESSION_COOKIE_SAMESITE="Lax",
)
auth = Auth(app, cfg=LocalPool())
connections = requests.Session()


@app.get("/")
def home():
    if "profile" in session:
        return render_template_string(WELCOME, user=session["profile"])
    return render_template_string(LANDING)


@app.get("/login")
@cognito_login
def login():
    """The decorator redirects."""


@app.get("/callback")
@cognito_login_callback
def callback():
    user = session.pop("user_info")
    session.pop("claims")
    answer = connections.get(
        auth.cfg.user_info_endpoint,
        headers={"Authorization": f"Bearer {g.access_token}"},
        timeout=5,
    )
    profile = answer.json()
    if profile["sub"] != user["sub"]:
        return "another user", 502
    session["profile"] = {"name": profile["name"], "email": profile["email"]}
    return redirect(url_for("home"))


handler = make_lambda_handler(app)
