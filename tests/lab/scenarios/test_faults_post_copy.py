"""Scenario: a move loses its other end in post-copy, when neither copy is a guest by itself; it is resumed, ends well.

A narrow link makes post-copy last. Software emulation can't resume a running guest whose QEMU has noticed the break:
its monitor waits for the very memory that is missing. So one guest runs and its QEMU is spared the break, the other is
paused.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import Task
from faults import apart, moving_to, narrow, post_copy_by_hand, put_back, started, state_of, until
from labview import on_host, once_again_well, world


@pytest.fixture(autouse=True)
def fleet_put_back(tmp_path: Path) -> Iterator[None]:
    yield
    put_back(tmp_path)


def in_post_copy(guest: str) -> Task:
    return moving_to("hv2", guest, timeout=4, timeout_action="post_copy")


@pytest.mark.migrates_with("POSTCOPY", "POSTCOPY_RESUME")
def test_hosts_that_lose_one_another_in_post_copy_find_together_again(tmp_path: Path) -> None:
    with started(tmp_path, in_post_copy("cache1")) as faulty:
        with narrow("hv1", 6):
            faulty.until_event("action", action="post_copy")
            with apart("hv1", "hv2"):
                faulty.until_event("post_copy_broken")
                assert "post-copy failed" in state_of("hv1", "cache1")
        ended = faulty.end()
    assert ended.moves["cache1"]["outcome"] == "moved", ended.output
    assert "cache1: the link broke in post-copy: " in ended.output
    assert world().places["cache1"] == (("hv2", "running"),)
    judged = once_again_well(ended.began)
    assert judged["ok"], judged["problems"]


@pytest.mark.migrates_with("POSTCOPY_RESUME")
def test_a_run_resumes_what_somebody_else_began_and_its_qemu_gave_up(tmp_path: Path) -> None:
    with narrow("hv1", 6), post_copy_by_hand("hv1", "frozen", "hv2"):
        on_host("hv1", "virsh", "domjobabort", "--postcopy", "frozen")
        for host in ("hv1", "hv2"):
            until(lambda at=host: "post-copy failed" in state_of(at, "frozen"), f"a broken post-copy on {host}")
    with started(tmp_path, moving_to("hv2", "frozen", tls=False)) as again:
        ended = again.end()
        resumed = [event["number"] for event in again.run.events() if event["event"] == "post_copy_resumed"]
    move = ended.moves["frozen"]
    assert (move["outcome"], move["adopted"]) == ("moved", True), ended.output
    assert resumed[:1] == [1]
    assert not ended.result.get("failed"), ended.result["msg"]
    assert [host for host, _state in world().places["frozen"]] == ["hv2"]
    judged = once_again_well(ended.began)
    assert judged["ok"], judged["problems"]
