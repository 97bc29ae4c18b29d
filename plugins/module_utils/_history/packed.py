"""Columns of whole numbers as few bytes, and back. Must not know what the numbers are of."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate

from .._model.errors import FleetError

MOST = 2**32 - 1
KIB, MIB = 1024, 1024 * 1024
_WIDTH = 4
_TYPE = next(code for code in "IL" if array(code).itemsize == _WIDTH)


def pack(numbers: Iterable[int]) -> bytes:
    """Return the numbers, each from 0 to MOST, compressed.

    All lowest bytes come first, then all second ones: the high ones are nearly all zero, and take no room then.
    """
    column = array(_TYPE, numbers)
    if sys.byteorder == "big":
        column.byteswap()
    raw = column.tobytes()
    return zlib.compress(b"".join(raw[place::_WIDTH] for place in range(_WIDTH)))


def unpack(packed: bytes) -> Sequence[int]:
    """Return the numbers; raises FleetError where the bytes are not what ``pack`` gave."""
    try:
        planes = zlib.decompress(packed)
    except (zlib.error, TypeError) as error:
        raise FleetError(f"a column is damaged ({error})") from error
    count, rest = divmod(len(planes), _WIDTH)
    if rest:
        raise FleetError(f"a column is damaged ({len(planes)} bytes)")
    raw = bytearray(len(planes))
    for place in range(_WIDTH):
        raw[place::_WIDTH] = planes[place * count : (place + 1) * count]
    column = array(_TYPE, bytes(raw))
    if sys.byteorder == "big":
        column.byteswap()
    return column


def pack_ascending(numbers: Sequence[int]) -> bytes:
    """Return numbers of which each is larger than the one before, compressed: only the steps are kept."""
    return pack(after - before for before, after in zip((0, *numbers), numbers))


def unpack_ascending(packed: bytes) -> Sequence[int]:
    """Return what ``pack_ascending`` was given."""
    return list(accumulate(unpack(packed)))
