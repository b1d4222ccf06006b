"""The fields of the sign-up page, and their validation against the pool's schema.

Cognito validates these at SignUp. MiniStack does not, so the page does.
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
"""

from __future__ import annotations

import re
from datetime import date, datetime

from local.managed_login.language import Say
from local.managed_login.pool import Attribute, Client, Pool

# The standard attributes (OIDC Core §5.1) and their values of ``autocomplete``:
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
AUTOCOMPLETE = {
    "address": "street-address",
    "birthdate": "bday",
    "email": "email",
    "family_name": "family-name",
    "gender": "sex",
    "given_name": "given-name",
    "locale": "language",
    "middle_name": "additional-name",
    "name": "name",
    "nickname": "nickname",
    "phone_number": "tel",
    "picture": "photo",
    "preferred_username": "off",
    "profile": "url",
    "website": "url",
    "zoneinfo": "off",
}
# The text that explains the expected format, by the attribute's name or type.
_FORMS = {
    "email": "enter_email",
    "phone_number": "enter_phone_number",
    "birthdate": "enter_birthdate",
    "DateTime": "enter_moment",
    "Number": "enter_whole_number",
}
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s.,;<>\"]+(\.[^@\s.,;<>\"]+)+")
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")  # E.164
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,15}")
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
    """Whether the page requires a value: required attributes, and the address for the code."""
    return attribute.required or attribute.name == "email"


def label(attribute: Attribute, say: Say) -> str:
    """The label in the visitor's language; for a custom attribute, its name."""
    if attribute.name in AUTOCOMPLETE:
        return say(f"attribute_{attribute.name}")
    words = attribute.name.removeprefix("custom:").replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def problem_with(attribute: Attribute, value: str, say: Say) -> str:
    """The error message for ``value``, or an empty string if it is valid."""
    if not value and not is_demanded(attribute):
        return ""
    if not _is_well_formed(attribute, value):
        return say(_FORMS.get(attribute.name) or _FORMS[attribute.type])
    return _out_of_bounds(attribute, value, say) if value else say("fill_in")


def problem_with_username(username: str, pool: Pool, say: Say) -> str:
    if not username:
        return say("enter_new_username")
    if not _USERNAME.fullmatch(username):
        return say("username_malformed")
    if pool.is_email_an_alias and _EMAIL.fullmatch(username):
        # "Username cannot be of email format, since user pool is configured for email alias."
        return say("username_is_email")
    return ""


def _is_well_formed(attribute: Attribute, value: str) -> bool:
    match attribute.name, attribute.type:
        case "email", _:
            return _EMAIL.fullmatch(value) is not None
        case "phone_number", _:
            return _PHONE.fullmatch(value) is not None
        case "birthdate", _:
            return _is_date(value)
        case _, "DateTime":
            return _is_moment(value)
        case _, "Number":
            return _WHOLE_NUMBER.fullmatch(value) is not None
    return True


def _out_of_bounds(attribute: Attribute, value: str, say: Say) -> str:
    least, most = attribute.minimum, attribute.maximum
    if attribute.type == "Number":
        size, too_little, too_much = int(value), "number_too_small", "number_too_large"
    elif attribute.type == "String":
        size, too_little, too_much = len(value), "text_too_short", "text_too_long"
    else:
        return ""
    if least is not None and size < least:
        return say(too_little, least=least)
    if most is not None and size > most:
        return say(too_much, most=most)
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
