"""Finds and starts a Chromium that may reach this machine only."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

NO_BROWSER = "no Chromium or Chrome found; `apt-get install chromium` or the like gets one"

_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    # elsewhere.example is another site whose name resolves to this machine.
    "--host-resolver-rules=MAP elsewhere.example 127.0.0.1, MAP * ~NOTFOUND, "
    "EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1",
]


class NoBrowser(Exception):
    """The message says how to get one."""


def launch(playwright: Playwright) -> Browser:
    """The system's browser, or the one that Playwright has downloaded; raises NoBrowser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    own = playwright.chromium.executable_path
    found = next(filter(None, map(shutil.which, names)), own if Path(own).exists() else None)
    if found is None:
        raise NoBrowser(NO_BROWSER)
    # Chromium's sandbox does not work for root, which build machines often use.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=found, args=_ARGUMENTS + root)
