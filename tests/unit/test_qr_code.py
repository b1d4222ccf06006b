"""QR codes are what another library makes of the same text, module by module."""

from __future__ import annotations

import base64

import pytest
import segno
from foyer import qr_code

# What a symbol holds at most, by version: there the libraries have no padding to differ in.
CAPACITIES = [
    sum(blocks) - (2 if version < 10 else 3)
    for version, (_, blocks) in enumerate(qr_code._BLOCKS, start=1)
]


@pytest.mark.parametrize(("version", "length"), [*enumerate(CAPACITIES, start=1)])
def test_a_full_symbol_is_what_another_library_makes(version: int, length: int) -> None:
    data = bytes((place * 37 + length) % 256 for place in range(length))
    theirs = segno.make(
        data, error="l", mode="byte", version=version, mask=0, boost_error=False, micro=False
    )
    assert qr_code.encode(data) == [[bool(module) for module in row] for row in theirs.matrix]


@pytest.mark.parametrize("length", CAPACITIES[:-1])
def test_one_byte_more_takes_the_next_size(length: int) -> None:
    before, after = qr_code.encode(bytes(length)), qr_code.encode(bytes(length + 1))
    assert before
    assert after
    assert len(after) == len(before) + 4


def test_what_is_short_is_padded_as_the_standard_says() -> None:
    """ISO/IEC 18004 §7.4.10: four zero bits, then 11101100 and 00010001 in turn."""
    words = qr_code._codewords(b"x", 1)
    assert words[:19].hex() == "401780" + "ec11" * 8


def test_error_correction_is_that_of_a_published_example() -> None:
    """HELLO WORLD at 1-M, whose ten correction words stand in many a tutorial."""
    data = [32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17]
    assert qr_code._remainder(data, 10) == [196, 35, 39, 119, 235, 215, 231, 226, 93, 23]


def test_a_text_that_is_too_long_has_no_code() -> None:
    assert qr_code.data_url("x" * CAPACITIES[-1]) is not None
    assert qr_code.data_url("x" * (CAPACITIES[-1] + 1)) is None


def test_the_image_is_black_on_white_with_a_quiet_zone() -> None:
    url = qr_code.data_url("otpauth://totp/Foyer:ada?secret=ABCDEFGH&issuer=Foyer")
    assert url is not None
    svg = base64.b64decode(url.removeprefix("data:image/svg+xml;base64,")).decode()
    assert 'fill="#fff"' in svg
    assert 'd="M4 4h1v1h-1z' in svg, "four modules of white around"
