"""Follows the serial files of all guests on all hosts and stamps each tick with the machine's clock. Judges nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time

from .settings import Lab
from .ticks import Stitcher, Tick

PACE = 0.05


def main(lab: Lab) -> None:
    """Runs as long as the lab. The serial folders are made before it starts and live as long as it does."""
    os.nice(-5)
    hosts = sorted(folder.name for folder in (lab.dir / "serial").iterdir())
    read_to: dict[str, int] = {}
    stitchers: dict[str, Stitcher] = {}
    with lab.ticks.open("a", encoding="ascii", buffering=1) as record:
        while True:
            for host in hosts:
                with os.scandir(lab.serial_dir(host)) as files:
                    for file in files:
                        text = _fresh_text(file, read_to)
                        if text:
                            stitcher = stitchers.setdefault(file.name, Stitcher())
                            record.write(_stamped(host, file.name, text, stitcher))
            time.sleep(PACE)


def _fresh_text(file: os.DirEntry[str], read_to: dict[str, int]) -> str:
    """What was appended to a file since the last look."""
    size = file.stat().st_size
    begin = read_to.get(file.path, 0)
    if size <= begin:
        return ""
    with open(file.path, "rb") as opened:
        opened.seek(begin)
        fresh = opened.read(size - begin)
    read_to[file.path] = begin + len(fresh)
    return fresh.decode("ascii", errors="replace").replace("\r", "")


def _stamped(host: str, uuid: str, text: str, stitcher: Stitcher) -> str:
    now = time.time()
    found = stitcher.feed(host, text)
    return "".join(Tick(now, host, uuid, int(m[1]), m[2], m[3], m[4]).as_line() for m in found)
