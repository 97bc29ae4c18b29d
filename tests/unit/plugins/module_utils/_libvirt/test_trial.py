"""A test guest goes in and out by the call of all moves, and is gone whatever becomes of it. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import threading
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import definitions, lookup
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import trial as trial_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.flags import PAUSED, PEER2PEER, TLS
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.trial import end_trials, try_host
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.trial_guest import AGE_SECONDS, trial_xml
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.trial import (
    Partner,
    Step,
    trial_name,
    trial_uuid,
)

NO_DOMAIN, INVALID = 42, 55
UUID = trial_uuid(trial_name("hv1"))
WITH_HV2, WITH_HV3 = (Partner(name, "x86_64", "kvm", "pc-q35-7.2") for name in ("hv2", "hv3"))


class LibvirtError(Exception):
    """What libvirt raises."""

    def __init__(self, text, code=1):
        super().__init__(text)
        self._code = code

    def get_error_code(self):
        return self._code


class FakeDomain:
    def __init__(self, fleet, host, name, own_uuid, title):
        self.fleet, self.host, self._name, self._uuid, self._title = fleet, host, name, own_uuid, title

    def name(self):
        return self._name

    def UUIDString(self):  # noqa: N802
        return self._uuid

    def metadata(self, _kind, _uri, _flags):
        return self._title

    def destroy(self):
        self.fleet.guests[self.host].remove(self)

    def abortJob(self):  # noqa: N802
        self.fleet.aborted.set()

    def migrateToURI3(self, uri, _parameters, flags):  # noqa: N802
        dest = next(name for name, entry in self.fleet.entries.items() if entry.peer_uri == uri)
        self.fleet.moved.append((self.host, dest, flags))
        way = self.fleet.ways.get((self.host, dest))
        if way is not None:
            way()
        self.fleet.guests[self.host].remove(self)
        self.fleet.guests[dest].append(FakeDomain(self.fleet, dest, self._name, self._uuid, self._title))


class FakeFleet:
    """Three hosts. ``ways``: what happens on the way from one to another, if anything. ``silent``: hosts."""

    def __init__(self):
        names = ("hv1", "hv2", "hv3")
        self.entries = {name: HostEntry(name, "", peer_uri=f"qemu+tls://{name}/system") for name in names}
        self.guests = {name: [] for name in names}
        self.ways, self.moved, self.silent, self.aborted = {}, [], set(), threading.Event()

    def control(self, host):
        if host in self.silent:
            raise LibvirtError("no answer")
        return SimpleNamespace(
            createXML=lambda xml, _flags: self.create(host, xml),
            lookupByUUIDString=lambda own_uuid: self.look_up(host, own_uuid),
            listAllDomains=lambda _flags: list(self.guests[host]),
        )

    @contextlib.contextmanager
    def lane(self, host):
        yield self.control(host)

    def create(self, host, xml):
        root = ET.fromstring(xml)
        self.guests[host].append(FakeDomain(self, host, root.findtext("name"), root.findtext("uuid"), "made at 9"))

    def look_up(self, host, own_uuid):
        for domain in self.guests[host]:
            if domain.UUIDString() == own_uuid:
                return domain
        raise LibvirtError("no domain", NO_DOMAIN)

    @property
    def left(self):
        return [(host, domain.name()) for host, domains in self.guests.items() for domain in domains]


@pytest.fixture(autouse=True)
def no_libvirt(monkeypatch):
    constants = SimpleNamespace(
        libvirtError=LibvirtError,
        VIR_ERR_NO_DOMAIN=NO_DOMAIN,
        VIR_ERR_OPERATION_INVALID=INVALID,
        VIR_DOMAIN_START_PAUSED=1,
        VIR_CONNECT_LIST_DOMAINS_ACTIVE=1,
        VIR_DOMAIN_METADATA_TITLE=1,
    )
    for file in (trial_file, lookup, definitions):
        monkeypatch.setattr(file, "libvirt", constants)


def refuse(text):
    def way():
        raise LibvirtError(text)

    return way


def tried(fleet, *partners, seconds=60.0, stop=None):
    return try_host(fleet, MoveSettings(), "hv1", partners, seconds, stop or threading.Event())


def test_a_guest_that_never_runs_goes_in_and_out_with_the_flags_of_a_move_and_is_gone():
    fleet = FakeFleet()
    (attempt,) = tried(fleet, WITH_HV2, WITH_HV3)
    assert attempt.failed is None
    flags = PEER2PEER | TLS | PAUSED
    assert fleet.moved == [("hv2", "hv1", flags), ("hv1", "hv2", flags)]
    assert fleet.left == []


@pytest.mark.parametrize(("way", "step"), [(("hv2", "hv1"), Step.IN), (("hv1", "hv2"), Step.OUT)])
def test_a_way_that_fails_is_named_in_libvirts_words_and_another_host_is_tried(way, step):
    fleet = FakeFleet()
    fleet.ways[way] = refuse("connection refused")
    first, second = tried(fleet, WITH_HV2, WITH_HV3)
    assert (first.partner, first.failed, first.error) == ("hv2", step, "connection refused")
    assert first.remedy.startswith("Check that libvirtd")
    assert (second.partner, second.failed) == ("hv3", None)
    assert fleet.left == []


def test_a_guest_that_could_not_be_removed_is_told():
    fleet = FakeFleet()

    def lose():
        fleet.silent.add("hv2")
        raise LibvirtError("lost connection")

    fleet.ways["hv2", "hv1"] = lose
    (attempt,) = tried(fleet, WITH_HV2)
    assert attempt.left_on == (("hv2", "no answer"),)


def test_a_move_that_hangs_is_called_off_in_time_and_its_guest_removed():
    fleet = FakeFleet()

    def hang():
        assert fleet.aborted.wait(60)
        raise LibvirtError("canceled by client")

    fleet.ways["hv2", "hv1"] = hang
    (attempt,) = tried(fleet, WITH_HV2, seconds=0.01)
    assert (attempt.failed, attempt.error) == (Step.IN, "it was not over within 0.01 s")
    assert fleet.left == []


def test_whoever_ends_the_process_leaves_no_guest_behind():
    fleet, stop = FakeFleet(), threading.Event()

    def hang():
        stop.set()
        assert fleet.aborted.wait(60)
        raise LibvirtError("canceled by client")

    fleet.ways["hv1", "hv2"] = hang
    with pytest.raises(FleetError, match="interrupted"):
        tried(fleet, WITH_HV2, WITH_HV3, stop=stop)
    assert fleet.left == []


def test_that_libvirt_says_a_guest_has_gone_and_it_is_nowhere_is_a_failure():
    fleet = FakeFleet()
    fleet.ways["hv2", "hv1"] = lambda: fleet.guests["hv2"].append(fleet.guests["hv2"][0])
    original = fleet.look_up
    fleet.look_up = lambda host, own_uuid: original("hv2" if host == "hv2" else "none", own_uuid)
    fleet.guests["none"] = []
    (attempt,) = tried(fleet, WITH_HV2)
    assert attempt.failed is Step.IN
    assert "is not on hv1" in attempt.error


def left_behind(fleet, host, tried_host, made):
    name = trial_name(tried_host)
    fleet.guests[host].append(FakeDomain(fleet, host, name, trial_uuid(name), f"may be destroyed; made at {made}"))


def test_what_was_left_behind_goes_and_what_is_under_way_or_somebodys_stays():
    fleet = FakeFleet()
    now = 1_000_000
    left_behind(fleet, "hv1", "hv7", now - AGE_SECONDS - 1)
    left_behind(fleet, "hv2", "hv8", now - 5)
    left_behind(fleet, "hv3", "hv1", now - 5)
    fleet.guests["hv3"].append(FakeDomain(fleet, "hv3", trial_name("hv7"), "somebody's", "made at 0"))
    said = end_trials(fleet, ("hv1", "hv2", "hv3"), now, own="hv1")
    assert said == [
        "virtfleet-trial-hv7, a test guest that was left behind on hv1, was removed",
        "virtfleet-trial-hv1, a test guest that was left behind on hv3, was removed",
    ]
    assert fleet.left == [("hv2", "virtfleet-trial-hv8"), ("hv3", "virtfleet-trial-hv7")]


def test_a_run_that_tries_no_host_spares_a_young_one_of_every_host():
    fleet = FakeFleet()
    left_behind(fleet, "hv1", "hv1", 100)
    assert end_trials(fleet, ("hv1",), 101) == []


def test_a_host_that_does_not_answer_meanwhile_holds_up_nobody():
    fleet = FakeFleet()
    fleet.silent.add("hv1")
    (line,) = end_trials(fleet, ("hv1", "hv2"), 0)
    assert line == "test guests that may have been left behind on hv1 were not removed: no answer"


def test_its_definition_has_nothing_that_could_be_lost_and_says_what_it_is():
    root = ET.fromstring(trial_xml("hv1", WITH_HV2, 1_000.4))
    assert (root.get("type"), root.find("os/type").get("machine")) == ("kvm", "pc-q35-7.2")
    assert root.findall("devices/disk") == root.findall("devices/interface") == []
    assert root.findtext("title").endswith("holds nothing and may be destroyed; made at 1000")
    assert root.findtext("uuid") == UUID


def test_errors_of_the_port_are_told_too(monkeypatch):
    fleet = FakeFleet()

    def silent(*_all):
        raise DriverError(SimpleNamespace(message="no answer within 15 s", remedy="See to it"))

    monkeypatch.setattr(trial_file, "send", silent)
    (attempt,) = tried(fleet, WITH_HV2)
    assert (attempt.failed, attempt.error, attempt.remedy) == (Step.IN, "no answer within 15 s", "See to it")
