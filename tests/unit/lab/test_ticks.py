"""Ticks: a line is read whole or stitched, and holes, gaps, doubles and second copies are seen."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from virtfleet_lab.ticks import Stitcher, Tick, from_line, history


def line(number: int, boot: str = "aaaaaaaa") -> str:
    return f"tick {number} boot={boot} md5=01234567 disk=ok\n"


def numbers(found: list) -> list[int]:
    return [int(match[1]) for match in found]


def tick(time: float, number: int, boot: str = "aaaaaaaa", disk: str = "ok") -> Tick:
    return Tick(time, "hv1", "uuid", number, boot, "01234567", disk)


def test_a_recorded_tick_reads_back_as_it_was_written():
    one = tick(1700000000.125, 7)
    assert from_line(one.as_line()) == one


def test_a_record_cut_short_by_a_killed_recorder_is_no_tick():
    assert from_line("1700000000.125 hv1 uuid 7 aaaa") is None


def test_whole_lines_are_ticks_and_an_unfinished_one_waits_for_its_end():
    stitcher = Stitcher()
    assert numbers(stitcher.feed("hv1", line(1) + line(2)[:9])) == [1]
    assert numbers(stitcher.feed("hv1", line(2)[9:])) == [2]


def test_what_the_firmware_prints_is_not_a_tick_and_does_not_hide_one():
    stitcher = Stitcher()
    assert numbers(stitcher.feed("hv1", "SeaBIOS\nBooting from ROM.." + line(1))) == [1]


def test_a_line_split_by_a_migration_is_one_tick_of_the_destination():
    stitcher = Stitcher()
    assert numbers(stitcher.feed("hv1", line(1) + line(2)[:6])) == [1]
    assert numbers(stitcher.feed("hv2", line(2)[6:] + line(3))) == [2, 3]


def test_the_end_of_a_split_line_may_be_read_before_its_beginning():
    stitcher = Stitcher()
    assert numbers(stitcher.feed("hv2", line(2)[6:] + line(3))) == [3]
    assert numbers(stitcher.feed("hv1", line(1) + line(2)[:6])) == [1, 2]


def test_a_line_split_just_before_its_end_of_line_is_one_tick():
    stitcher = Stitcher()
    stitcher.feed("hv1", line(2)[:-1])
    assert numbers(stitcher.feed("hv2", "\n" + line(3))) == [2, 3]


def test_a_guest_that_moves_there_and_back_is_stitched_each_time():
    stitcher = Stitcher()
    stitcher.feed("hv1", line(1)[:5])
    assert numbers(stitcher.feed("hv2", line(1)[5:] + line(2)[:8])) == [1]
    assert numbers(stitcher.feed("hv1", line(2)[8:] + line(3))) == [2, 3]


def test_the_longest_hole_is_between_the_two_ticks_farthest_apart():
    seen = history([tick(10, 1), tick(11, 2), tick(13.5, 3), tick(14, 4)], since=10, until=14.2)
    assert (seen.longest_hole_s, seen.longest_hole_ended_at) == (2.5, 13.5)


def test_the_hole_of_a_running_guest_lasts_until_now():
    assert history([tick(10, 1)], since=10, until=17).longest_hole_s == 7


def test_the_time_since_the_last_tick_is_no_hole_of_a_guest_that_does_not_run():
    assert history([tick(10, 1), tick(11, 2)], since=10, until=None).longest_hole_s == 1


def test_a_guest_that_neither_runs_nor_ticked_has_no_hole():
    assert history([], since=10, until=None).longest_hole_s is None


def test_a_running_guest_without_a_tick_has_a_hole_as_long_as_the_window():
    assert history([], since=10, until=30).longest_hole_s == 20


def test_ticks_before_the_window_count_as_the_newest_but_not_as_holes():
    seen = history([tick(1, 1), tick(9, 2)], since=10, until=12)
    assert (seen.newest.number, seen.longest_hole_s) == (2, 2)


def test_numbers_that_never_came_are_missing():
    assert history([tick(1, 1), tick(2, 2), tick(3, 5)], since=0, until=None).missing == 2


def test_a_number_that_came_twice_is_a_duplicate():
    seen = history([tick(1, 1), tick(2, 2), tick(2.1, 2)], since=0, until=None)
    assert (seen.duplicates, seen.missing) == (1, 0)


def test_a_restarted_guest_counts_from_one_again_without_gap_or_double():
    seen = history([tick(1, 7, "aaaaaaaa"), tick(9, 1, "bbbbbbbb")], since=0, until=None)
    assert (seen.duplicates, seen.missing, seen.ran_twice) == (0, 0, False)


def test_two_boots_that_tick_in_turn_are_two_copies_of_the_guest():
    turns = [tick(1, 1, "aaaaaaaa"), tick(1.5, 1, "bbbbbbbb"), tick(2, 2, "aaaaaaaa")]
    assert history(turns, since=0, until=None).ran_twice


def test_one_bad_read_in_the_window_is_remembered():
    assert history([tick(1, 1), tick(2, 2, disk="BAD"), tick(3, 3)], since=0, until=None).bad_disk
    assert not history([tick(2, 2, disk="BAD"), tick(3, 3)], since=2.5, until=None).bad_disk
