"""Scenario: a move loses its other end in post-copy, when neither copy is a guest by itself; it is resumed, ends well.

A speed limit makes post-copy last. So would a narrow link, but what queues up before it lets TCP wait minutes until it
tries again. The break is one that only the daemons notice: software emulation can't resume a guest whose QEMU has
noticed it too, since its monitor waits for the very memory that is missing.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import Task
from faults import apart, moving_to, put_back, started, state_of
from labview import once_again_well, world


@pytest.fixture(autouse=True)
def fleet_put_back(tmp_path: Path) -> Iterator[None]:
    yield
    put_back(tmp_path)


def in_post_copy(guest: str) -> Task:
    return moving_to("hv2", guest, timeout=4, timeout_action="post_copy", post_copy_bandwidth_mibs=3)


@pytest.mark.migrates_with("POSTCOPY", "POSTCOPY_RESUME")
def test_hosts_that_lose_one_another_in_post_copy_find_together_again(tmp_path: Path) -> None:
    with started(tmp_path, in_post_copy("cache1")) as faulty:
        faulty.until_event("action", action="post_copy")
        with apart("hv1", "hv2"):
            faulty.until_event("post_copy_broken")
            assert "post-copy failed" in state_of("hv1", "cache1")
        ended = faulty.end(patience=400)
    assert ended.moves["cache1"]["outcome"] == "moved", ended.output
    assert "cache1: the link broke in post-copy: " in ended.output
    assert world().places["cache1"] == (("hv2", "running"),)
    judged = once_again_well(ended.began)
    assert judged["ok"], judged["problems"]
