"""How uneven the lab is, reckoned anew from what was recorded, and what so many moves could do. Runs nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import combinations, product
from pathlib import Path
from statistics import pstdev

Where = Mapping[str, str]


def recorded(history: Path) -> dict[str, float]:
    """Return what each guest of the newest sample used, in CPUs: the history's columns, read by their description."""
    with closing(sqlite3.connect(history)) as connection:
        names = dict(connection.execute("SELECT id, name FROM subjects WHERE kind = (SELECT MAX(kind) FROM subjects)"))
        seen, used = connection.execute("SELECT subjects, milli_cpus FROM samples ORDER BY at DESC LIMIT 1").fetchone()
    at, found = 0, {}
    for step, thousandths in zip(_column(seen), _column(used)):
        at += step
        if at in names:
            found[names[at]] = max(0, thousandths - 1) / 1000
    return found


def _column(packed: bytes) -> list[int]:
    """Return the numbers of four bytes each, of which the file has all lowest bytes first, then all second ones."""
    planes = zlib.decompress(packed)
    count = len(planes) // 4
    return [sum(planes[place * count + index] << (8 * place) for place in range(4)) for index in range(count)]


def imbalance(used: Mapping[str, float], where: Where, hosts: Mapping[str, float]) -> float:
    """Return the standard deviation of how full the hosts are; ``hosts``: what each has room for."""
    return pstdev(filled(used, where, hosts).values())


def filled(used: Mapping[str, float], where: Where, hosts: Mapping[str, float]) -> dict[str, float]:
    """Return how full each host is."""
    return {host: sum(used[name] for name, at in where.items() if at == host) / room for host, room in hosts.items()}


def best(moves: int, used: Mapping[str, float], where: Where, hosts: Mapping[str, float]) -> float:
    """Return the least imbalance that any choice of so many moves, or fewer, comes to, whatever rules say."""
    return min(imbalance(used, placed, hosts) for placed in _within(moves, where, hosts))


def _within(moves: int, where: Where, hosts: Mapping[str, float]) -> Iterator[Where]:
    for names in combinations(sorted(where), moves):
        # a guest that goes to where it is stays: fewer moves are among them
        for dests in product(sorted(hosts), repeat=moves):
            yield {**where, **dict(zip(names, dests))}
