"""Cognito on loopback: real HTTP/1.1, real signatures, and faults on demand.

    with FakeCognito() as cognito:
        callback = cognito.visit(location)          # managed login, somebody signed in
        cognito.fault("userinfo", "hang")           # wire_faults.py has the kinds
        cognito.id_token_defect = "wrong_nonce"     # fake_tokens.py has the names
        assert cognito.calls("token") == 1

Two origins, as in AWS: the pool's domain (``domain_url``) and the issuer's, which has the key
set (``jwks_url``) and the API. Tokens name a real-looking issuer, not the loopback one.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fake_cognito_api import FakeCognitoApi
from tests.fake_tokens import ID_TOKEN_DEFECTS, Draft, Json, SigningKey, at_hash, base64url
from tests.wire_faults import (
    LOST,
    WIRE_FAULTS,
    Fault,
    Line,
    Reply,
    bearer_error,
    json_reply,
    oauth_error,
)
from tests.wire_server import Arrived, WireServer

SCOPES = ("openid", "email", "profile")
CODE_SECONDS = 300
_BY_THE_APP = ("other", "token", "userinfo", "revoke", "jwks", "user_api")


@dataclass
class User:
    """The user who signs in at managed login; tests may change it."""

    sub: str = field(default_factory=lambda: str(uuid.uuid4()))
    username: str = "visitor"
    name: str = "Test Visitor"
    email: str = "visitor+test@example.com"
    email_verified: bool = True
    groups: list[str] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    enabled: bool = True

    def attributes(self) -> dict[str, str]:
        """Outside ID tokens they are strings, booleans too."""
        verified = "true" if self.email_verified else "false"
        named = {"sub": self.sub, "name": self.name, "email": self.email}
        return {**named, "email_verified": verified, **self.custom}


@dataclass
class Grant:
    """One sign-in, which its tokens and refreshes belong to."""

    user: User
    scopes: list[str]
    query: dict[str, str]  # the authorization request's
    signed_in_at: float
    origin_jti: str = field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False

    @property
    def good(self) -> bool:
        return self.user.enabled and not self.revoked


class FakeCognito:
    """A pool with one client and one user, and a switch for each fault."""

    def __init__(
        self,
        *,
        redirect_uris: tuple[str, ...] = ("http://localhost:3000/callback",),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._domain, self._issuer_origin = (WireServer(self._answer, tls) for _ in range(2))
        self.domain_url = self._domain.url
        pool = f"eu-central-1_{secrets.token_hex(4)}"
        self.issuer = f"https://cognito-idp.eu-central-1.amazonaws.com/{pool}"
        self.user_api_url = self._issuer_origin.url
        self.jwks_url = f"{self.user_api_url}/{pool}/.well-known/jwks.json"
        self.redirect_uris = redirect_uris
        self.client_id = secrets.token_hex(13)
        self.scopes: tuple[str, ...] = SCOPES  # what the app client may ask for
        self.user = User()
        self.api = FakeCognitoApi(self)
        # Cognito's may hold a plus sign (``[\w+]+``), so this one always does.
        self.client_secret = f"{secrets.token_hex(12)}+{secrets.token_hex(12)}+"
        self.clock: Callable[[], float] = time.time
        self.access_token_seconds = 3600
        self.refresh_token_rotation = False
        self.rotation_grace_seconds = 0
        # Members that override those of a correct answer; None removes a member.
        self.token_answer: Json = {}
        self.userinfo_answer: Json = {}
        self.id_token_claims: Json = {}
        self.id_token_defect: str | None = None  # one of ID_TOKEN_DEFECTS
        self.requests: defaultdict[str, list[Arrived]] = defaultdict(list)
        self.handed_out: list[str] = []  # codes and tokens, which must not be logged
        self._id_key, self._access_key, self.attacker = SigningKey(), SigningKey(), SigningKey()
        self.jwks: Json = {"keys": [self._id_key.jwk(), self._access_key.jwk()]}
        self._faults: dict[str, tuple[str, Fault | None]] = {}
        self._codes: dict[str, Grant] = {}
        self._access_tokens: dict[str, tuple[Grant, float]] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self._replaced_at: dict[str, float] = {}  # by refresh token
        self._lock = RLock()

    def __enter__(self) -> FakeCognito:
        return self

    def __exit__(self, *_: object) -> None:
        self._domain.close()
        self._issuer_origin.close()

    # What a test looks at

    def calls(self, endpoint: str) -> int:
        return len(self.requests[endpoint])

    @property
    def upstream_calls(self) -> int:
        """Requests that the app itself made; the browser's are not counted."""
        return sum(map(self.calls, _BY_THE_APP))

    def __repr__(self) -> str:
        """The received requests, for messages of failed assertions."""
        arrived = [each for name in _BY_THE_APP for each in self.requests[name]]
        return f"<FakeCognito, asked for {[f'{each.method} {each.path}' for each in arrived]}>"

    @property
    def environ(self) -> dict[str, str]:
        """Where the function finds it."""
        return {
            "COGNITO_DOMAIN_URL": self.domain_url,
            "COGNITO_ISSUER": self.issuer,
            "COGNITO_JWKS_URL": self.jwks_url,
        }

    @property
    def credentials(self) -> dict[str, str]:
        """The client's, as the secret has them."""
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    # What a test switches

    @property
    def client_secret(self) -> str:
        """The oldest one; ``api.active`` has all of them, as during a rotation."""
        return next(iter(self.api.active.values()))

    @client_secret.setter
    def client_secret(self, only: str) -> None:
        self.api.active.clear()
        self.api.add(only)

    def fault(self, endpoint: str, kind: str | Fault) -> None:
        """From now on ``endpoint`` (token, userinfo, revoke, jwks, user_api) fails in this way.

        ``kind`` is a name in WIRE_FAULTS, any OAuth error code, or a fault of the test's own.
        """
        as_error = bearer_error if endpoint == "userinfo" else oauth_error
        fault = (WIRE_FAULTS.get(kind) or as_error(kind)) if isinstance(kind, str) else kind
        self._faults[endpoint] = (str(kind), fault)

    def stop(self) -> None:
        """Nobody listens any more."""
        self._domain.stop()
        self._issuer_origin.stop()

    def repair(self, endpoint: str) -> None:
        """Ends the fault."""
        self._faults.pop(endpoint, None)

    def sign_out_everywhere(self) -> None:
        """GlobalSignOut: every grant so far is void."""
        for grant in list(self._refresh_tokens.values()):
            grant.revoked = True

    # Managed login

    def visit(self, location: str, *, error: str | None = None) -> str:
        """The browser follows ``location``; returns the callback URL.

        The user signs in (or up) at once; with ``error``, the callback reports that error.
        """
        parts = urlsplit(location)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        assert f"{parts.scheme}://{parts.netloc}" == self.domain_url
        assert parts.path in {"/oauth2/authorize", "/signup"}
        assert query["client_id"] == self.client_id
        assert query["redirect_uri"] in self.redirect_uris
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        self.requests["authorize"].append(Arrived("GET", parts.path, query, {}, b""))
        scopes = query["scope"].split()
        assert set(scopes) <= set(self.scopes)
        answer = {"error": error, "state": query["state"]}
        if not error:
            code = str(uuid.uuid4())
            self._codes[code] = Grant(self.user, scopes, query, self.clock())
            self.handed_out.append(code)
            answer = {"code": code, "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    # The wire

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        endpoints: dict[tuple[str, str], tuple[str, Callable[[Arrived], Reply]]] = {
            ("POST", "/oauth2/token"): ("token", self._token),
            ("GET", "/oauth2/userInfo"): ("userinfo", self._userinfo),
            ("POST", "/oauth2/revoke"): ("revoke", self._revoke),
            ("GET", urlsplit(self.jwks_url).path): ("jwks", lambda _: json_reply(self.jwks)),
            ("POST", "/"): ("user_api", self.api.answer),
        }
        nothing = ("other", lambda _: Reply(404))
        name, endpoint = endpoints.get((arrived.method, arrived.path), nothing)
        with self._lock:
            self.requests[name].append(arrived)
            reply = endpoint(arrived)
        if reply is LOST:
            line.reset()
            return False
        return self.send(name, reply, line)

    def send(self, endpoint: str, reply: Reply, line: Line) -> bool:
        """Sends the reply or applies its fault; returns whether the connection stays open."""
        kind, fault = self._faults.get(endpoint, ("", None))
        if fault is not None:
            fault(line, reply)
            return kind == "reset_if_reused" and not line.served_before
        line.send(reply.to_bytes())
        return True

    # The endpoints

    def _is_client(self, arrived: Arrived) -> bool:
        """client_secret_basic with id and secret as they are."""
        active = (f"{self.client_id}:{each}".encode() for each in self.api.active.values())
        expected = [f"Basic {base64.b64encode(each).decode()}" for each in active]
        return arrived.headers.get("Authorization") in expected

    def _token(self, arrived: Arrived) -> Reply:
        if not self._is_client(arrived):
            return json_reply({"error": "invalid_client"}, 400)
        grant_types = {"authorization_code": self._exchange, "refresh_token": self._refresh}
        return grant_types[arrived.form["grant_type"]](arrived.form)

    def _exchange(self, form: dict[str, str]) -> Reply:
        grant = self._codes.pop(form["code"], None)
        if grant is None or self.clock() > grant.signed_in_at + CODE_SECONDS:
            return json_reply({"error": "invalid_grant"}, 400)
        if form["redirect_uri"] != grant.query["redirect_uri"]:
            return json_reply({"error": "unauthorized_client"}, 400)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant.query["code_challenge"] != base64url(verifier):
            return json_reply({"error": "invalid_grant"}, 400)
        return self._tokens(grant, grant.query.get("nonce"), self._new_refresh_token(grant))

    def _refresh(self, form: dict[str, str]) -> Reply:
        presented, now = form.get("refresh_token", ""), self.clock()
        grant = self._refresh_tokens.get(presented)
        good_until = self._replaced_at.get(presented, now) + self.rotation_grace_seconds
        if grant is None or not grant.good or now > good_until:
            return json_reply({"error": "invalid_grant"}, 400)
        if not self.refresh_token_rotation:
            return self._tokens(grant, None, None)
        self._replaced_at.setdefault(presented, now)
        return self._tokens(grant, None, self._new_refresh_token(grant))

    def _new_refresh_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(600)  # opaque and long, as Cognito's are
        self._refresh_tokens[token] = grant
        return token

    def _tokens(self, grant: Grant, nonce: str | None, refresh_token: str | None) -> Reply:
        user, now = grant.user, int(self.clock())
        expires = now + self.access_token_seconds
        common: Json = {"sub": user.sub, "iss": self.issuer, "origin_jti": grant.origin_jti}
        common |= {"auth_time": int(grant.signed_in_at), "exp": expires, "iat": now}
        access: Json = {
            "token_use": "access",
            "client_id": self.client_id,
            "username": user.username,
            "aud": grant.query.get("resource"),
            "scope": " ".join(grant.scopes),
            "version": 2,
            "jti": str(uuid.uuid4()),
        }
        access_token = self._access_key.token(_without_none(common | access))
        self._access_tokens[access_token] = (grant, expires)
        claims = {
            **common,
            "token_use": "id",
            "aud": self.client_id,
            "jti": str(uuid.uuid4()),
            "at_hash": at_hash(access_token),
            "nonce": nonce,
            "cognito:username": user.username,
            "cognito:groups": user.groups or None,
            **user.attributes(),
            "email_verified": user.email_verified,
            **self.id_token_claims,
        }
        draft = Draft(self._id_key, _without_none(claims), self.attacker)
        defect = ID_TOKEN_DEFECTS[self.id_token_defect] if self.id_token_defect else None
        id_token = defect(draft) if defect else self._id_key.token(draft.claims)
        tokens = {"id_token": id_token, "access_token": access_token}
        if refresh_token:
            tokens["refresh_token"] = refresh_token
        self.handed_out += tokens.values()
        answer = {**tokens, "expires_in": self.access_token_seconds, "token_type": "Bearer"}
        return json_reply(_without_none(answer | self.token_answer))

    def grant_of(self, access_token: str) -> Grant | None:
        """The grant of a token that is good now."""
        grant, expires = self._access_tokens.get(access_token, (None, 0.0))
        return grant if grant is not None and grant.good and self.clock() < expires else None

    def _userinfo(self, arrived: Arrived) -> Reply:
        scheme, _, token = arrived.headers.get("Authorization", "").partition(" ")
        grant = self.grant_of(token)
        if scheme != "Bearer" or grant is None:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return json_reply({"error": "invalid_token"}, 401, challenge)
        answer = {**grant.user.attributes(), "username": grant.user.username}
        return json_reply(_without_none(answer | self.userinfo_answer))

    def _revoke(self, arrived: Arrived) -> Reply:
        if not self._is_client(arrived):
            return json_reply({"error": "invalid_client"}, 401)
        if arrived.form["token"] in self._refresh_tokens:
            self._refresh_tokens[arrived.form["token"]].revoked = True
        return Reply(200)


def _without_none(members: Json) -> Json:
    return {name: value for name, value in members.items() if value is not None}
