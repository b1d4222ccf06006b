"""Creates sample events with current values from the running local stack.

    python -m local.mint --port 3000     # what `make events` calls

Signs the demo user in over HTTP, then writes the browser's next requests as API Gateway events. The
other sample events, which need no running stack, are in events/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from local import api_gateway
from local.aws import REGION, LocalAws
from local.places import FUNCTION, ROOT, Places, RunError
from local.stack import DEMO_USER, demo_password

_SECONDS = 30  # the first request may have to start a container
_HTML = {"accept": "text/html", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}
_JSON = {"accept": "application/json", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors"}
_SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


def mint(places: Places, user: str, password: str) -> dict[str, dict[str, Any]]:
    """Events by name; raises RunError if the sign-in fails."""
    app = places.app
    try:
        unfinished, callback = _sign_in(app, user, password)
        signed_in, other_callback = _sign_in(app, user, password)
        signed_in.get(other_callback, allow_redirects=False, timeout=_SECONDS)
    except requests.ConnectionError as error:
        raise RunError(f"nothing answers at {app}; start `make run` or `make start-api`") from error
    orders = _event(signed_in, "GET", f"{app}/api/orders", _JSON | _SAME_ORIGIN)
    form = {"origin": app, "content-type": "application/x-www-form-urlencoded"}
    return {
        "callback": _event(unfinished, "GET", callback, _HTML | {"sec-fetch-site": "same-site"}),
        "home-signed-in": _event(signed_in, "GET", f"{app}/", _HTML | {"sec-fetch-site": "none"}),
        "me-signed-in": _event(signed_in, "GET", f"{app}/me", _JSON | _SAME_ORIGIN),
        "logout-signed-in": _event(signed_in, "POST", f"{app}/logout", _HTML | _SAME_ORIGIN | form),
        "guard-signed-in": orders | {"type": "REQUEST", "identitySource": None},
    }


def _sign_in(app: str, user: str, password: str) -> tuple[requests.Session, str]:
    """Sign in at managed login; return the callback's URL without calling it."""
    browser = requests.Session()
    page = browser.get(f"{app}/login", timeout=_SECONDS)
    form = _Form(page.text)
    answer = browser.post(
        urljoin(page.url, form.action),
        data=form.fields | {"username": user, "password": password},
        allow_redirects=False,
        timeout=_SECONDS,
    )
    callback = answer.headers.get("location", "")
    if not callback.startswith(f"{app}/callback?"):
        raise RunError(
            f"{user} could not sign in (is there a second factor, or another password?); choose a "
            'user: `make events ARGS="--user NAME --password PASSWORD"`'
        )
    return browser, callback


class _Form(HTMLParser):
    """The page's form: its address and its values."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = attributes.get("action", "")
        if tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes["value"]


def _event(
    browser: requests.Session, method: str, url: str, headers: Mapping[str, str]
) -> dict[str, Any]:
    """API Gateway's event for this request, with the browser's cookies."""
    parts = urlsplit(url)
    sent = browser.prepare_request(requests.Request(method, url, headers=headers)).headers
    request = api_gateway.Request(
        method=method,
        path=parts.path.encode(),
        query=parts.query.encode(),
        headers=[(b"host", parts.netloc.encode())]
        + [(name.encode(), value.encode()) for name, value in sent.items()],
        client="127.0.0.1",
    )
    return api_gateway.build_event(
        request,
        route_key=f"{method} {parts.path}",
        path_parameters={},
        request_id=api_gateway.new_request_id(),
        now=datetime.now(UTC),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    places = Places("127.0.0.1", options.port)
    try:
        password = options.password or demo_password(LocalAws.read(places.aws_configuration))
        events = mint(places, options.user, password)
    except RunError as error:
        print(f"No events: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    folder = places.data / "events"
    folder.mkdir(parents=True, exist_ok=True)
    for name, event in events.items():
        (folder / f"{name}.json").write_text(json.dumps(event, indent=2) + "\n", encoding="utf-8")
    print(_usage(places, folder, events))  # noqa: T201
    return 0


def _usage(places: Places, folder: Path, events: Mapping[str, object]) -> str:
    shown = folder.relative_to(ROOT)
    written = "\n".join(f"  {shown / name}.json" for name in events)
    if not places.function_environment.exists():
        return f"{written}\n\n`sam local invoke` needs a stack that `make start-api` started."
    # The SAM CLI passes the shell's credentials and region on, regardless of --env-vars.
    shell = LocalAws.read(places.aws_configuration).credentials() | {"AWS_DEFAULT_REGION": REGION}
    variables = " ".join(f"{name}={value}" for name, value in shell.items())
    return f"""{written}

The callback can be used once, within five minutes. While the stack runs:

  {variables} \\
    .venv-sam/bin/sam local invoke {FUNCTION} \\
    --event {shown / "callback.json"} --env-vars {places.function_environment.relative_to(ROOT)}
"""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make events", description="Create sample events with current values."
    )
    parser.add_argument("--port", type=int, default=3000, help="the app's (3000)")
    parser.add_argument("--user", default=DEMO_USER)
    parser.add_argument("--password", help="the demo user's, if it was not changed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
