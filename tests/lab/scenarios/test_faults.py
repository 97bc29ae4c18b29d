"""Scenario: processes die, links go and owners change their mind in mid-move; every guest is there once, and the report
says what became of it.

Moves are slowed down so that there is a middle.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import on_fleet, play
from faults import Ended, cut_off, kill_daemon, kill_guest, moving_to, put_back, started
from labview import on_host, once_again_well, places, problems, stray_volumes, world


@pytest.fixture(autouse=True)
def fleet_put_back(tmp_path: Path) -> Iterator[None]:
    yield
    put_back(tmp_path)


def assert_each_once(ended: Ended, off: frozenset[str] = frozenset()) -> None:
    """Every guest is on one host, and well but for those that went off."""
    judged = once_again_well(ended.began, off=off)
    assert problems(judged, off) == []
    assert [name for name, where in places(judged).items() if len(where) != 1] == []
    assert stray_volumes(world()) == []


def assert_stayed(ended: Ended, guest: str, source: str, outcome: str, *words: str) -> None:
    move = ended.moves[guest]
    assert move["outcome"] == outcome, ended.output
    for word in words:
        assert word in move["error"], move["error"]
    assert move["remedy"]
    assert world().places[guest][0][0] == source
    assert ended.result["failed"]
    assert guest in ended.result["msg"] or len(ended.moves) > 1


def test_guests_that_die_are_shut_down_or_whose_move_somebody_aborts(tmp_path: Path) -> None:
    guests = ("web1", "web2", "cache1", "cache 2", "o'brien's guest")
    with started(tmp_path, moving_to("hv2", *guests)) as faulty:
        faulty.until_sending(*guests)
        kill_guest("hv2", "web1")
        on_host("hv1", "virsh", "domjobabort", "web2")
        kill_guest("hv1", "cache1", "TERM")
        kill_guest("hv1", "cache 2")
        on_host("hv1", "virsh", "destroy", "o'brien's guest")
        ended = faulty.end()
    off = frozenset({"cache1", "cache 2", "o'brien's guest"})
    assert_each_once(ended, off)
    assert_stayed(ended, "web1", "hv1", "failed")
    assert_stayed(ended, "web2", "hv1", "aborted", "somebody aborted the move on hv1", "canceled by client")
    assert_stayed(ended, "cache1", "hv1", "went_off", "was shut down while it moved", "left off on hv1")
    assert_stayed(ended, "cache 2", "hv1", "went_off", "process died while it moved")
    assert_stayed(ended, "o'brien's guest", "hv1", "went_off", "somebody switched the guest off")
    now = world().places
    assert {name: now[name][0][1] for name in guests} == {
        name: "shutoff" if name in off else "running" for name in guests
    }
    assert sorted(line.partition(" was ")[0] for line in ended.result["report"]["problems"]) == sorted(off)


def test_the_daemon_of_the_destination_is_killed(tmp_path: Path) -> None:
    with started(tmp_path, moving_to("hv2", "web1", "db1")) as faulty:
        faulty.until_sending("web1", "db1")
        kill_daemon("hv2")
        ended = faulty.end()
    assert_each_once(ended)
    for guest in ("web1", "db1"):
        assert_stayed(ended, guest, "hv1", "failed")


def test_the_daemon_of_the_source_is_killed(tmp_path: Path) -> None:
    with started(tmp_path, moving_to("hv2", "web1", "db1")) as faulty:
        faulty.until_sending("web1", "db1")
        kill_daemon("hv1")
        ended = faulty.end()
    assert_each_once(ended)
    for guest in ("web1", "db1"):
        assert_stayed(ended, guest, "hv1", "failed")


def test_a_link_that_is_cut_for_five_seconds_does_no_harm(tmp_path: Path) -> None:
    with started(tmp_path, moving_to("hv2", "web1", bandwidth_mibs=6)) as faulty:
        faulty.until_sending("web1")
        with cut_off("hv2"):
            time.sleep(5)
        ended = faulty.end()
    assert_each_once(ended)
    assert ended.moves["web1"]["outcome"] == "moved", ended.output
    assert world().places["web1"] == (("hv2", "running"),)


def test_a_link_that_is_cut_for_a_minute_ends_the_move_and_the_guest_runs_on(tmp_path: Path) -> None:
    # it would lose its disk together with the link, and tick again only minutes later
    bystander, _results = play(tmp_path, [on_fleet("guest_migration", guest="zürich", host="hv3")])
    assert bystander.status == 0, bystander.output
    with started(tmp_path, moving_to("hv2", "web1", "db1")) as faulty:
        faulty.until_sending("web1", "db1")
        with cut_off("hv2"):
            time.sleep(60)
        ended = faulty.end()
    assert_each_once(ended)
    for guest in ("web1", "db1"):
        assert_stayed(ended, guest, "hv1", "failed")


def test_what_a_dead_conductor_left_is_shown_and_mended_by_the_next_move(tmp_path: Path) -> None:
    with started(tmp_path, moving_to("hv2", "db1", bandwidth_mibs=10)) as faulty:
        faulty.until_sending("db1")
        faulty.run.kill_everything()
    end = time.monotonic() + 180
    while world().places["db1"] != (("hv2", "running"),) and time.monotonic() < end:
        time.sleep(1)
    look, mend = on_fleet("fleet_info"), on_fleet("guest_migration", guest="db1", host="hv2")
    run, (before, done, after) = play(tmp_path, [look, mend, look])
    assert run.status == 0, run.output
    (left,) = before["anomalies"]
    assert (left["kind"], left["name"], left["hosts"]) == ("unfinished_move", "db1", ["hv2", "hv1"])
    assert left["volumes"] == [{"pool": "local", "volume": "db1.qcow2"}]
    assert "db1.qcow2 in pool local" in run.output
    assert (done["changed"], done["report"]["mended"]) == (True, 1)
    assert after["anomalies"] == []
    assert stray_volumes(world()) == []
