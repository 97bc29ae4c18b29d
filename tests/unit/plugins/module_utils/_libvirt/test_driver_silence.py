"""A host that was silent does not hold up the driver for long when it is asked again. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError, Failure, Phase
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import driver, patience
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.patience import Patience
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings


class LibvirtError(Exception):
    """What libvirt raises."""


@pytest.fixture(autouse=True)
def no_libvirt(monkeypatch):
    for file in (driver, patience):
        monkeypatch.setattr(file, "libvirt", SimpleNamespace(libvirtError=LibvirtError))


@pytest.fixture
def link(monkeypatch):
    """Return a driver, and what ``place_on`` is to do: the first time it is asked it finds the host silent."""
    asked = []

    def place(_fleet, host, _guest):
        asked.append(threading.current_thread() is threading.main_thread())
        if len(asked) == 1:
            raise DriverError(Failure("no answer"))
        return host

    monkeypatch.setattr(driver, "place_on", place)
    monkeypatch.setattr(driver, "MUTE_SECONDS", 0.0)
    return driver.LibvirtDriver(SimpleNamespace(), MoveSettings(), threading.Event()), asked


def test_a_host_that_was_silent_is_waited_for_only_shortly_until_it_answers(link):
    made, asked = link
    move = SimpleNamespace(source="hv1", dest="hv2", guest="u")
    found = [made.where_is(move) for _time in range(3)]
    assert [each.silent for each in found] == [("hv1",), (), ()]
    assert (found[2].source, found[2].dest) == ("hv1", "hv2")
    # hv1 and hv2, then hv1 in a thread that can be left behind, hv2, and both as at first
    assert asked == [True, True, False, True, True, True]


def test_a_source_that_hangs_is_said_to_prepare_and_no_other_move_waits_for_it(monkeypatch):
    link, hanging, looked = threading.Event(), threading.Event(), []

    def look(move):
        looked.append(move.id)
        hanging.set()
        link.wait(60 if move.source == "hv1" else 0)
        return {}, (0, 0)

    made = driver.LibvirtDriver(SimpleNamespace(), MoveSettings(), threading.Event())
    made._patience = Patience(seconds=0.05)
    monkeypatch.setattr(made, "_look", look)
    moves = [SimpleNamespace(id=name, source=host, copies=()) for name, host in zip("abc", ("hv1", "hv1", "hv2"))]
    for move in moves:
        made._work[move.id] = driver._Work()
    phases = [made.progress(move).phase for move in moves[:2]]
    assert hanging.wait(60)
    made._patience._seconds = 60
    phases.append(made.progress(moves[2]).phase)
    assert phases == [Phase.PREPARING] * 3
    assert looked == ["a", "c"]
    link.set()
