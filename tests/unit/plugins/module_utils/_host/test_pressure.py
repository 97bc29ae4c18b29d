"""Pressure is read as the kernel writes it, and is unknown where it writes nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from ansible_collections.virtfleet.migration.plugins.module_utils._host.pressure import pressure
from ansible_collections.virtfleet.migration.plugins.module_utils._model.pressure_text import of_lines

CPU = """some avg10=0.71 avg60=23.06 avg300=26.16 total=20244099367
full avg10=0.00 avg60=99.00 avg300=0.00 total=0
"""


def test_the_share_of_the_last_minute_in_which_something_waited_is_read(tmp_path: Path) -> None:
    (tmp_path / "cpu").write_text(CPU, encoding="utf-8")
    (tmp_path / "io").write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n", encoding="utf-8")
    assert pressure(tmp_path) == {"cpu": 23.06, "memory": None, "io": 0.0}


def test_a_kernel_without_such_files_tells_nothing(tmp_path: Path) -> None:
    assert pressure(tmp_path / "none") == {"cpu": None, "memory": None, "io": None}


def test_text_that_is_something_else_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "cpu").write_text("full avg10=0.00 avg60=4.00 avg300=0.00 total=0\n", encoding="utf-8")
    assert pressure(tmp_path)["cpu"] is None


def test_lines_of_several_files_are_told_apart() -> None:
    text = "\n/proc/pressure/cpu:some avg10=0.71 avg60=23.06 avg300=26.16 total=2\r\n"
    assert of_lines(text + "/proc/pressure/memory:some avg10=0.00 avg60=100.00 avg300=1.00 total=2\n") == {
        "cpu": 23.06,
        "memory": 100.0,
        "io": None,
    }
    assert of_lines("") == {"cpu": None, "memory": None, "io": None}
