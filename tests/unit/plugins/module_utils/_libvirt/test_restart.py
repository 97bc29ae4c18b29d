"""A guest is shut down for its move only where it can be started again, and it is started wherever it ends up."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import restart
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.guest_notes import write_notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import MoveClaim, Notes


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only where somebody sleeps."""
    now = [0.0]
    monkeypatch.setattr(restart.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(restart.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def obeys_after(domain, clock, seconds):
    domain.shutdown = lambda: setattr(domain, "asked", clock[0])
    domain.isActive = lambda: int(not hasattr(domain, "asked") or clock[0] < domain.asked + seconds)
    return domain


def test_a_guest_is_waited_for_until_it_is_off(domain_of, clock):
    restart.shut_down(obeys_after(domain_of(), clock, 20), threading.Event())
    assert clock[0] == 20


def test_one_that_does_not_obey_is_a_failure_in_the_end(domain_of, clock):
    with pytest.raises(DriverError, match="asked to shut down and runs on after 180 s"):
        restart.shut_down(obeys_after(domain_of(), clock, 10_000), threading.Event())


def test_one_that_could_not_be_started_again_is_not_even_asked(domain_of, clock):
    domain = obeys_after(domain_of(persistent=False), clock, 1)
    with pytest.raises(DriverError, match="no persistent definition"):
        restart.shut_down(domain, threading.Event())
    assert not hasattr(domain, "asked")


def test_an_interrupt_does_not_leave_a_guest_that_is_about_to_go_off(domain_of, clock):
    stop = threading.Event()
    stop.set()
    with pytest.raises(DriverError, match="interrupted while the guest was shut down"):
        restart.shut_down(obeys_after(domain_of(), clock, 20), stop)
    assert clock[0] == 20


@pytest.mark.parametrize(
    ("claim", "active", "started"),
    [
        (MoveClaim("hv1", "hv2", restart=True), False, True),
        (MoveClaim("hv1", "hv2", restart=True), True, False),
        (MoveClaim("hv1", "hv2"), False, False),
        (None, False, False),
    ],
)
def test_only_a_guest_that_was_shut_down_for_its_move_is_started(domain_of, claim, active, started):
    domain, calls = domain_of(active), []
    write_notes(domain, Notes(claim=claim), active, True)
    domain.create = lambda: calls.append("create")
    assert restart.start_again(domain, active) is (active or started)
    assert calls == ["create"] * started
