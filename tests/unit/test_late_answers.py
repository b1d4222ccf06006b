"""Answers may arrive in any order.

What was made before a sign-out or a newer sign-in never restores, replaces or clears what came
after, and no refresh token that was replaced comes back.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from foyer.aws.secret_store import Credentials
from foyer.clocks import Clocks
from foyer.cognito.answers import Tokens
from foyer.cognito.id_token import IdToken
from foyer.cookies import CookieStyle
from foyer.errors import Refused
from foyer.sessions.cookie_keeper import CookieKeeper
from foyer.sessions.refresh import Refresh
from foyer.sessions.session import Session, SessionCookie
from foyer.sessions.visitors import Visitors
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

ISSUER = "https://issuer.example/pool"
CREDENTIALS = Credentials("client", "secret", (secrets.token_urlsafe(48),))
NOW = 1_800_000_000


class Secrets:
    def credentials(self) -> Credentials:
        return CREDENTIALS

    def use(self, action: Any) -> Any:
        return action(CREDENTIALS)


class Cognito:
    """Gives each refresh a token whose number is one higher, or refuses."""

    refuses = False

    def refresh(self, token: str, **_: Any) -> Tokens:
        if self.refuses:
            raise Refused("invalid_grant")
        person, number = token.split(".")
        rotated = f"{person}.{int(number) + 1}"
        return Tokens("client", person, "access", rotated, expires_in=900)

    def verify(self, token: str, **_: Any) -> IdToken:
        return IdToken(ISSUER, token, {"sub": token})


class Silent:
    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


@dataclass(frozen=True)
class Sent:
    """A request on its way: what it asks for, and the cookies that the browser had."""

    what: str
    cookies: dict[str, str]


@dataclass(frozen=True)
class Made:
    """An answer on its way: ``number`` counts answers as they are made.

    ``token`` is the number of the refresh token that it writes, or that was refused.
    """

    number: int
    what: str
    lines: tuple[str, ...]
    person: str = ""
    token: int = -1


class Browser(RuleBasedStateMachine):
    """One browser; its requests and answers overtake one another."""

    requests = Bundle("requests")
    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.now = float(NOW)
        clocks = Clocks(lambda: 0.0, self.time)
        self.numbers = count(1)
        self.cognito = Cognito()
        cookie = SessionCookie(CookieStyle(secure=True), idle_seconds=3600, max_seconds=36000)
        self.visitors = Visitors(
            cookie=cookie,
            keeper=CookieKeeper(
                cookie,
                cast("Any", Secrets()),
                log=cast("Any", Silent()),
                now=self.time,
            ),
            refresh=Refresh(
                client=cast("Any", self.cognito),
                verifier=cast("Any", self.cognito),
                entry=None,
                log=cast("Any", Silent()),
                clocks=clocks,
            ),
            log=cast("Any", Silent()),
            counters=cast("Any", Silent()),
            clocks=clocks,
        )
        self.jar: dict[str, str] = {}
        self.last = Made(0, "sign out", ())  # made last of the sign-ins and -outs that arrived
        self.newest: dict[str, int] = {}  # the newest token that arrived, by person
        self.ended: dict[str, int] = {}  # the newest token whose refusal arrived, by person

    def time(self) -> float:
        """No two answers are made in the same microsecond."""
        self.now += 0.000_002
        return self.now

    @rule(
        target=requests,
        what=st.sampled_from(["sign in", "sign out", "use", "refresh", "refresh", "refused"]),
    )
    def send(self, what: str) -> Sent:
        return Sent(what, dict(self.jar))

    @rule(target=answers, sent=consumes(requests), seconds=st.sampled_from([0, 0, 40, 90]))
    def answer(self, sent: Sent, seconds: int) -> Made:
        self.now += seconds
        return self.made_of(sent)

    @rule(made=consumes(answers))
    def deliver(self, made: Made) -> None:
        self.take(made)

    @rule()
    def use_alone(self) -> None:
        """A request whose answer overtakes nothing clears what late answers left over."""
        self.take(self.made_of(Sent("use", dict(self.jar))))
        assert sum("session" in name for name in self.jar) <= 1

    @invariant()
    def who_signed_in_last_is_here(self) -> None:
        shown = self.visitors.session_in(self.jar)
        person = self.last.person
        if self.last.what == "sign out":
            assert shown is None
        elif self.ended.get(person, -1) < self.newest[person]:
            assert shown is not None, "cleared by something older"
            assert shown.refresh_token == f"{person}.{self.newest[person]}"

    def made_of(self, sent: Sent) -> Made:
        number = next(self.numbers)
        if sent.what == "sign out":
            return Made(number, sent.what, self.visitors.sign_out(sent.cookies))
        if sent.what == "sign in":
            visit = self.visitors.begin(
                session(f"person{number}", int(self.now)), sent.cookies, user_agent=""
            )
        elif sent.what == "use":
            visit = self.visitors.recognise(sent.cookies)
        else:
            self.cognito.refuses = sent.what == "refused"
            visit = self.visitors.ask(sent.cookies)
        self.cognito.refuses = False
        is_end = visit.was_ended
        about = self.visitors.session_in(sent.cookies) if is_end else visit.session
        lines = [line for line in visit.cookies if "session" in line.partition("=")[0]]
        if about is None or all("; Max-Age=0;" in line for line in lines) != is_end:
            return Made(number, "nothing", visit.cookies)
        token = int((about.refresh_token or "").partition(".")[2])
        what = "end" if is_end else sent.what
        return Made(number, what, visit.cookies, about.subject, token)

    def take(self, made: Made) -> None:
        for line in made.lines:
            name, _, value = line.partition(";")[0].partition("=")
            if "; Max-Age=0;" in line:
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        if made.what in ("sign in", "sign out") and made.number > self.last.number:
            self.last = made
        tokens = self.ended if made.what == "end" else self.newest
        tokens[made.person] = max(made.token, tokens.get(made.person, -1))


def session(person: str, now: int) -> Session:
    return Session(
        issuer=ISSUER,
        subject=person,
        claims={},
        refresh_token=f"{person}.0",
        signed_in_at=now,
        seen_at=now,
        refresh_at=now + 60,
    )


TestBrowser = Browser.TestCase
TestBrowser.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
