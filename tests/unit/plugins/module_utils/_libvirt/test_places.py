"""What a host says of a guest is read with its reasons: how it went off, and whether its post-copy is broken."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Off
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import places
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.post_copy import is_broken, is_post_copy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, JobKind

RUNNING, PAUSED, SHUT_OFF, CRASHED = 1, 3, 5, 6


@pytest.fixture
def place(monkeypatch):
    """Return what is read of a guest in a state of libvirt's, with its reason."""
    monkeypatch.setattr(places, "is_active", lambda state: state not in (SHUT_OFF, CRASHED))
    monkeypatch.setattr(places, "job_of", lambda _domain, _state, _reason: JobKind.OUTGOING)
    return lambda *state: places.place_of(SimpleNamespace(state=lambda: [*state], isPersistent=lambda: 1))


@pytest.mark.parametrize(
    ("reason", "off"), [(0, Off.OTHER), (1, Off.SHUT_DOWN), (2, Off.DESTROYED), (3, Off.CRASHED), (4, Off.OTHER)]
)
def test_how_a_guest_went_off(place, reason, off):
    found = place(SHUT_OFF, reason)
    assert (found.state, found.off, found.job, found.active) == (GuestState.SHUT_OFF, off, None, False)


@pytest.mark.parametrize(
    ("state", "reason", "broken", "post_copy"),
    [
        (RUNNING, 1, False, False),
        (RUNNING, 10, False, True),
        (RUNNING, 11, True, True),
        (PAUSED, 2, False, False),
        (PAUSED, 12, False, True),
        (PAUSED, 13, True, True),
    ],
)
def test_a_post_copy_and_a_broken_one_are_told_by_their_reasons(place, state, reason, broken, post_copy):
    found = place(state, reason)
    assert (found.broken, found.off, found.job) == (broken, None, JobKind.OUTGOING)
    assert (is_broken((state, reason)), is_post_copy((state, reason))) == (broken, post_copy)
