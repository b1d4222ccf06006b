"""What the sign-up page asks for, and whether the answers fit the pool's schema.

Cognito checks these at SignUp; MiniStack does not, so the page has to.
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
"""

from __future__ import annotations

import re
from datetime import date, datetime

from local.managed_login.pool import Attribute, Client, Pool

LABELS = {
    "address": "Address",
    "birthdate": "Date of birth",
    "email": "E-mail address",
    "family_name": "Last name",
    "gender": "Gender",
    "given_name": "First name",
    "locale": "Language and region",
    "middle_name": "Middle name",
    "name": "Name",
    "nickname": "Nickname",
    "phone_number": "Phone number",
    "picture": "Picture (address)",
    "preferred_username": "Preferred user name",
    "profile": "Profile (address)",
    "website": "Website",
    "zoneinfo": "Time zone",
}
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
AUTOCOMPLETE = {
    "address": "street-address",
    "birthdate": "bday",
    "email": "email",
    "family_name": "family-name",
    "given_name": "given-name",
    "locale": "language",
    "middle_name": "additional-name",
    "name": "name",
    "nickname": "nickname",
    "phone_number": "tel",
    "picture": "photo",
    "website": "url",
}
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s.,;<>\"]+(\.[^@\s.,;<>\"]+)+")
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")  # E.164
_USERNAME = re.compile(r"[^\s\x00-\x1f\x7f]{1,128}")


def asked_at_sign_up(pool: Pool, client: Client) -> tuple[Attribute, ...]:
    """Required attributes and the writable custom ones, e-mail first; never ``sub``."""
    asked = [a for a in pool.attributes if a.name != "sub" and _is_asked(a, pool, client)]
    return tuple(sorted(asked, key=lambda a: (a.is_custom, a.name != "email")))


def _is_asked(attribute: Attribute, pool: Pool, client: Client) -> bool:
    if attribute.is_custom:
        is_writable = client.writable is None or attribute.name in client.writable
        return attribute.mutable and is_writable
    proves_identity = pool.verifies_email or pool.is_email_an_alias or pool.is_email_the_username
    return attribute.required or (attribute.name == "email" and proves_identity)


def is_demanded(attribute: Attribute) -> bool:
    """Whether the page insists on a value: required ones, and the address that gets the code."""
    return attribute.required or attribute.name == "email"


def label(attribute: Attribute) -> str:
    if attribute.is_custom:
        words = attribute.name.removeprefix("custom:").replace("_", " ").replace("-", " ")
        return words[:1].upper() + words[1:]
    return LABELS.get(attribute.name, attribute.name)


def problem_with(attribute: Attribute, value: str) -> str:
    """What is wrong with ``value``, as a sentence; empty when nothing is."""
    if not value:
        return f"Enter your {label(attribute).lower()}." if is_demanded(attribute) else ""
    if attribute.name == "email" and not _EMAIL.fullmatch(value):
        return "Enter an e-mail address like name@example.com."
    if attribute.name == "phone_number" and not _PHONE.fullmatch(value):
        return "Enter a number with country code and no spaces, like +14155550123."
    if attribute.name == "birthdate" and not _is_date(value):
        return "Enter a date like 1990-01-31."
    if attribute.type == "DateTime" and not _is_moment(value):
        return "Enter a date and time like 2026-01-31T12:00:00Z."
    return _out_of_bounds(attribute, value)


def problem_with_username(username: str, pool: Pool) -> str:
    if not username:
        return "Enter a user name."
    if not _USERNAME.fullmatch(username):
        return "Use 1 to 128 characters without spaces."
    if pool.is_email_an_alias and _EMAIL.fullmatch(username):
        # "Username cannot be of email format, since user pool is configured for email alias."
        return "A user name cannot be an e-mail address here."
    return ""


def _out_of_bounds(attribute: Attribute, value: str) -> str:
    low, high = attribute.minimum, attribute.maximum
    if attribute.type == "Number":
        if not re.fullmatch(r"-?[0-9]{1,15}", value):
            return "Enter a whole number."
        size, unit = int(value), ""
    elif attribute.type == "String":
        size, unit = len(value), " characters"
    else:
        return ""
    if low is not None and size < low:
        return f"Enter at least {low}{unit}."
    if high is not None and size > high:
        return f"Enter at most {high}{unit}."
    return ""


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True
