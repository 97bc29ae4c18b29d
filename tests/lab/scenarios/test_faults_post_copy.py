"""Scenario: a move loses its other end in post-copy, when neither copy is a guest by itself; it is resumed, ends well.

A narrow link makes post-copy last. Software emulation can't resume a running guest whose QEMU has noticed the break:
its monitor waits for the very memory that is missing. So one guest runs and its QEMU is spared the break, the other is
suspended.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import Task
from faults import apart, moving_to, narrow, put_back, started
from labview import on_host, once_again_well, world


@pytest.fixture(autouse=True)
def fleet_put_back(tmp_path: Path) -> Iterator[None]:
    yield
    put_back(tmp_path)


def in_post_copy(guest: str) -> Task:
    return moving_to("hv2", guest, timeout=4, timeout_action="post_copy")


def test_hosts_that_lose_one_another_in_post_copy_find_together_again(tmp_path: Path) -> None:
    with started(tmp_path, in_post_copy("cache1")) as faulty:
        with narrow("hv1", 6):
            faulty.until_event("action", action="post_copy")
            with apart("hv1", "hv2"):
                faulty.until_event("post_copy_broken")
                assert "post-copy failed" in on_host("hv1", "virsh", "domstate", "--reason", "cache1")
        ended = faulty.end()
    assert ended.moves["cache1"]["outcome"] == "moved", ended.output
    assert "cache1: the link broke in post-copy: " in ended.output
    assert world().places["cache1"] == (("hv2", "running"),)
    judged = once_again_well(ended.began)
    assert judged["ok"], judged["problems"]


def test_a_later_run_resumes_what_its_qemu_gave_up(tmp_path: Path) -> None:
    task = in_post_copy("cache1")
    with started(tmp_path, task) as faulty, narrow("hv1", 6):
        faulty.until_sending("cache1")
        on_host("hv1", "virsh", "-q", "suspend", "cache1")
        faulty.until_event("action", action="post_copy")
        faulty.run.kill_everything()
        on_host("hv1", "virsh", "domjobabort", "--postcopy", "cache1")
    for host in ("hv1", "hv2"):
        assert "post-copy failed" in on_host(host, "virsh", "domstate", "--reason", "cache1")
    with started(tmp_path, task) as again:
        ended = again.end()
    move = ended.moves["cache1"]
    assert (move["outcome"], move["adopted"]) == ("moved", True), ended.output
    assert [event["number"] for event in again.run.events() if event["event"] == "post_copy_resumed"][:1] == [1]
    assert not ended.result.get("failed"), ended.result["msg"]
    assert world().places["cache1"] == (("hv2", "paused"),)
    on_host("hv2", "virsh", "-q", "resume", "cache1")
    judged = once_again_well(ended.began)
    assert judged["ok"], judged["problems"]
