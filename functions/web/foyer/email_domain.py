"""E-mail domains, in one form for comparison.

Imported only where a setting limits who may enter.
"""

from __future__ import annotations

import re
import unicodedata

# One part of a domain name in its ASCII form (RFC 5890 §2.3.1), not longer than DNS allows.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}")

# A dot-atom and one @ (RFC 5322 §3.4.1). Programs disagree about quoted local parts, comments and
# lists of addresses, so none of those has a domain here. Some also decode an encoded word, which
# may hide another address; none may be in an address (RFC 2047 §5).
_ADDRESS = re.compile(r'(?!.*=\?)[^\s@,;:<>()\[\]\\"]{1,255}@([^\s@]{1,255})')


def domain_of(address: str) -> str:
    """The domain of an address, in its ASCII form and lower case, or ""."""
    found = _ADDRESS.fullmatch(address)
    return ascii_form(found[1]) if found else ""


def ascii_form(domain: str) -> str:
    """``bücher.example`` as ``xn--bcher-kva.example``, in lower case; "" if it is no domain.

    Nothing is mapped to another letter. The codec ``idna`` would turn faß.example into
    fass.example, which may belong to somebody else (RFC 5894 §7.2).
    """
    labels = map(_ascii_label, domain.split("."))
    written = ".".join(labels)
    return written if _DOMAIN.fullmatch(written) and len(written) <= 253 else ""


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label.lower()
    composed = unicodedata.normalize("NFC", label.lower())
    if composed.isascii():  # a Kelvin sign, for example, which becomes a k
        return ""
    return "xn--" + composed.encode("punycode").decode("ascii")
