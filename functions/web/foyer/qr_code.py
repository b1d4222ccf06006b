"""QR codes (ISO/IEC 18004) for what an authenticator app reads: bytes, error correction level L.

A library for it would add 180 KB to the package; this is the small part that is needed here
(docs/decisions/account-page.md). One mask serves for all: the standard's choice among eight only
helps poor cameras.
"""

from __future__ import annotations

import base64
from itertools import zip_longest

Matrix = list[list[bool | None]]  # rows of modules, True for dark; None while nothing is decided

# By version, from 1: bytes of error correction in each block, and bytes of data in each block.
_BLOCKS = (
    (7, (19,)),
    (10, (34,)),
    (15, (55,)),
    (20, (80,)),
    (26, (108,)),
    (18, (68, 68)),
    (20, (78, 78)),
    (24, (97, 97)),
    (30, (116, 116)),
    (18, (68, 68, 69, 69)),
    (20, (81, 81, 81, 81)),
    (24, (92, 92, 93, 93)),
    (26, (107, 107, 107, 107)),
    (30, (115, 115, 115, 116)),
    (22, (87, 87, 87, 87, 87, 88)),
)
# Where alignment patterns have their centres, in both directions, by version from 2.
_CENTRES = (
    (6, 18), (6, 22), (6, 26), (6, 30), (6, 34), (6, 22, 38), (6, 24, 42), (6, 26, 46),
    (6, 28, 50), (6, 30, 54), (6, 32, 58), (6, 34, 62), (6, 26, 46, 66), (6, 26, 48, 70),
)  # fmt: skip
_FORMAT = 0b01_000  # level L, mask 0
_QUIET = 4  # light modules around it


def data_url(text: str) -> str | None:
    """An SVG image as a data: URL; None when the text is too long."""
    matrix = encode(text.encode())
    if matrix is None:
        return None
    size = len(matrix) + 2 * _QUIET
    path = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{path}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def encode(data: bytes) -> Matrix | None:
    """The smallest symbol that holds the data, or None."""
    for version, (_, blocks) in enumerate(_BLOCKS, start=1):
        # Four bits say that bytes follow, eight or sixteen how many.
        if 8 * len(data) + (12 if version < 10 else 20) <= 8 * sum(blocks):
            matrix = _patterns(version)
            _place(matrix, _codewords(data, version))
            return matrix
    return None


def _codewords(data: bytes, version: int) -> bytes:
    """Data and error correction, interleaved (§7.4.10, §7.6)."""
    correction, sizes = _BLOCKS[version - 1]
    total = sum(sizes)
    length_bits = 8 if version < 10 else 16
    bits = f"0100{len(data):0{length_bits}b}" + "".join(f"{byte:08b}" for byte in data)
    bits += "0" * min(4, 8 * total - len(bits))
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]
    words += [(0xEC, 0x11)[at % 2] for at in range(total - len(words))]
    blocks, at = [], 0
    for size in sizes:
        blocks.append(words[at : at + size])
        at += size
    corrections = [_remainder(block, correction) for block in blocks]
    columns = [*zip_longest(*blocks), *zip(*corrections, strict=True)]
    return bytes(word for column in columns for word in column if word is not None)


def _multiply(a: int, b: int) -> int:
    """In GF(256) with the polynomial x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = (a << 1) ^ (0x11D if a & 0x80 else 0), b >> 1
    return product


def _remainder(data: list[int], degree: int) -> list[int]:
    """Reed-Solomon: what is left of the data after division by the generator polynomial."""
    generator, root = [1], 1
    for _ in range(degree):
        generator = [
            a ^ _multiply(root, b) for a, b in zip_longest(generator, [0, *generator], fillvalue=0)
        ]
        root = _multiply(root, 2)
    rest = data + [0] * degree
    for at in range(len(data)):
        factor = rest[at]
        for offset, coefficient in enumerate(generator):
            rest[at + offset] ^= _multiply(coefficient, factor)
    return rest[len(data) :]


def _patterns(version: int) -> Matrix:
    """A symbol with everything but the data (§6.3)."""
    size = 17 + 4 * version
    matrix: Matrix = [[None] * size for _ in range(size)]
    for y, x in ((3, 3), (3, size - 4), (size - 4, 3)):
        _square(matrix, y, x, 4, light=(2, 4))
    centres = _CENTRES[version - 2] if version > 1 else ()
    for y in centres:
        for x in centres:
            if matrix[y][x] is None:
                _square(matrix, y, x, 2, light=(1,))
    for at in range(8, size - 8):
        matrix[6][at] = matrix[at][6] = at % 2 == 0
    _write_format(matrix)
    if version >= 7:
        _write_version(matrix, version)
    return matrix


def _square(matrix: Matrix, y: int, x: int, radius: int, *, light: tuple[int, ...]) -> None:
    """Rings around a centre, as far as they are inside."""
    for row in range(max(0, y - radius), min(len(matrix), y + radius + 1)):
        for column in range(max(0, x - radius), min(len(matrix), x + radius + 1)):
            matrix[row][column] = max(abs(row - y), abs(column - x)) not in light


def _bch(value: int, generator: int) -> int:
    """The value with the remainder of its division by the generator behind it."""
    degree = generator.bit_length() - 1
    rest = value << degree
    while rest.bit_length() > degree:
        rest ^= generator << (rest.bit_length() - degree - 1)
    return value << degree | rest


def _write_format(matrix: Matrix) -> None:
    """Level and mask, twice (§7.9)."""
    size = len(matrix)
    word = _bch(_FORMAT, 0b10100110111) ^ 0b101010000010010
    bits = [bool(word >> at & 1) for at in range(15)]
    down = [*range(6), 7, 8, *range(size - 7, size)]
    left = [*range(size - 1, size - 9, -1), 7, *range(5, -1, -1)]
    for bit, y, x in zip(bits, down, left, strict=True):
        matrix[y][8] = matrix[8][x] = bit
    matrix[size - 8][8] = True


def _write_version(matrix: Matrix, version: int) -> None:
    """Twice (§7.10)."""
    word = _bch(version, 0b1111100100101)
    for at in range(18):
        bit = bool(word >> at & 1)
        a, b = at // 3, len(matrix) - 11 + at % 3
        matrix[a][b] = matrix[b][a] = bit


def _place(matrix: Matrix, codewords: bytes) -> None:
    """Two columns at a time from the right, up and down in turn (§7.7.3), masked (§7.8.2)."""
    size = len(matrix)
    bits = (byte >> at & 1 for byte in codewords for at in range(7, -1, -1))
    columns = [*range(size - 1, 6, -2), 5, 3, 1]
    for turn, right in enumerate(columns):
        rows = range(size) if turn % 2 else range(size - 1, -1, -1)
        for y in rows:
            for x in (right, right - 1):
                if matrix[y][x] is None:
                    is_dark = next(bits, 0) == 1
                    matrix[y][x] = is_dark != ((y + x) % 2 == 0)
