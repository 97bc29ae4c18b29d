"""Copies are read with their reasons, and a deed is done only to a copy that is still so. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError, Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import mender as mender_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import translated as translated_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.mender import (
    LibvirtMender,
    ran,
    standing_of,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.half_done import (
    Action,
    Copy,
    Deed,
    Standing,
)

RUNNING, PAUSED, SHUT_OFF = 1, 3, 5
SECOND = 1_000_000_000


class LibvirtError(Exception):
    """What libvirt raises."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code}")
        self._code = code

    def get_error_code(self) -> int:
        return self._code


class FakeDomain:
    """A domain in one state; ``done`` is what it was told. ``gone``: each question ends so."""

    def __init__(self, state, reason, stats=None, gone=False):
        self._state, self._stats, self._gone = (state, reason), stats or {}, gone
        self.done = []

    def state(self):
        if self._gone:
            raise LibvirtError(42)
        return [*self._state]

    def isPersistent(self):  # noqa: N802
        return 1

    def hasManagedSaveImage(self, _flags):  # noqa: N802
        return 1

    def snapshotNum(self, _flags):  # noqa: N802
        return 2

    def connect(self):
        return SimpleNamespace(domainListGetStats=lambda domains, _groups, _flags: [(domains[0], self._stats)])

    def destroy(self):
        self.done.append("destroy")

    def undefineFlags(self, flags):  # noqa: N802
        self.done.append(f"undefine {flags}")

    def resume(self):
        self.done.append("resume")


@pytest.fixture
def mender(monkeypatch):
    """Return a mender whose hosts know these domains; None: no such guest, an error: raised."""
    fake = SimpleNamespace(
        libvirtError=LibvirtError,
        VIR_ERR_NO_DOMAIN=42,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT=1,
        VIR_DOMAIN_STATS_VCPU=2,
        VIR_DOMAIN_UNDEFINE_KEEP_NVRAM=8,
    )
    for file in (mender_file, translated_file):
        monkeypatch.setattr(file, "libvirt", fake)
    monkeypatch.setattr(mender_file, "is_active", lambda state: state != SHUT_OFF)
    monkeypatch.setattr(mender_file, "job_of", lambda *_arguments: None)
    monkeypatch.setattr(mender_file, "notes_of", lambda _domain: Notes())

    def made(**domains):
        def found(_fleet, host, _uuid):
            if isinstance(domains[host], Exception):
                raise domains[host]
            return domains[host]

        monkeypatch.setattr(mender_file, "find", found)
        monkeypatch.setattr(mender_file, "domain_on", found)
        return LibvirtMender(None)

    return made


@pytest.mark.parametrize(
    ("state", "reason", "standing"),
    [
        (1, 1, Standing.RUNS),
        (1, 2, Standing.ARRIVED),
        (1, 5, Standing.RUNS),
        (1, 6, Standing.RUNS),
        (1, 10, Standing.POST_COPY),
        (1, 11, Standing.POST_COPY),
        (2, 0, Standing.RUNS),
        (3, 1, Standing.PAUSED),
        (3, 2, Standing.HELD),
        (3, 5, Standing.PAUSED),
        (3, 11, Standing.STARTS),
        (3, 12, Standing.POST_COPY),
        (3, 13, Standing.POST_COPY),
        (4, 1, Standing.OTHER),
        (5, 2, Standing.OFF),
        (6, 0, Standing.OTHER),
        (7, 0, Standing.OTHER),
    ],
)
def test_what_a_copy_does_is_told_from_state_and_reason(state, reason, standing):
    assert standing_of(state, reason) is standing


@pytest.mark.parametrize(
    ("stats", "told"),
    [
        ({}, None),
        ({"vcpu.maximum": 2}, None),
        ({"vcpu.maximum": 1, "vcpu.0.time": 0}, False),
        ({"vcpu.maximum": 2, "vcpu.0.time": 20_000_000, "vcpu.1.time": 10_000_000}, False),
        ({"vcpu.maximum": 2, "vcpu.0.time": 0, "vcpu.1.time": SECOND}, True),
    ],
)
def test_whether_a_copy_has_run_is_told_from_the_time_of_its_vcpus(stats, told):
    assert ran(stats) is told


def test_all_hosts_are_asked_and_those_without_an_answer_named(mender):
    known = FakeDomain(RUNNING, 1, {"vcpu.maximum": 1, "vcpu.0.time": SECOND})
    off, gone = FakeDomain(SHUT_OFF, 1), FakeDomain(RUNNING, 1, gone=True)
    silent = DriverError(Failure("no answer"))
    copies = mender(hv1=known, hv2=off, hv3=None, hv4=silent, hv5=gone).look(
        "u", "web", [f"hv{n}" for n in range(1, 6)]
    )
    assert (copies.guest, copies.name) == ("u", "web")
    assert copies.found == (
        Copy("hv1", Standing.RUNS, True, None, True, True, 2),
        Copy("hv2", Standing.OFF, None, None, True, True, 2),
    )
    assert (copies.answered, copies.silent) == (("hv1", "hv2", "hv3", "hv5"), ("hv4",))


@pytest.mark.parametrize(
    ("action", "state", "told"),
    [
        (Action.DESTROY, (PAUSED, 2), "destroy"),
        (Action.UNDEFINE, (SHUT_OFF, 2), "undefine 8"),
        (Action.RESUME, (PAUSED, 2), "resume"),
    ],
)
def test_a_deed_is_one_call(mender, action, state, told):
    domain = FakeDomain(*state)
    mender(hv2=domain).do(Deed(action, "u", "web", "hv2", standing_of(*state), "hv1"))
    assert domain.done == [told]


@pytest.mark.parametrize("state", [(RUNNING, 2), (RUNNING, 5), (PAUSED, 1), (PAUSED, 12), (SHUT_OFF, 1)])
def test_nothing_is_done_to_a_copy_that_has_changed(mender, state):
    domain = FakeDomain(*state)
    with pytest.raises(DriverError, match="has changed meanwhile"):
        mender(hv2=domain).do(Deed(Action.DESTROY, "u", "web", "hv2", Standing.HELD, "hv1"))
    assert domain.done == []
