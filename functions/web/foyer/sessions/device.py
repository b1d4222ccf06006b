"""Which browser on which system, in two words, as the owner of a session would say it."""

from __future__ import annotations

# The first one that the user agent contains counts: Edge's contains "Chrome" and "Safari" too.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
_MOST_CHARACTERS = 512  # of a user agent; what follows is not read


def device_of(user_agent: str) -> str:
    """``Firefox, Windows``, or only one of the two, or "" if it says neither."""
    said = user_agent[:_MOST_CHARACTERS]
    found = (
        next((name for word, name in words.items() if word in said), None)
        for words in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(filter(None, found))
