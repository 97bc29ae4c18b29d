"""Verify accepts every legal plan and catches a plan broken on purpose for each of its rules."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Disk,
    DiskKind,
    Guest,
    GuestCpu,
    GuestState,
    Interface,
    JobKind,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import CpuLack, Host, HostCpu, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan, Stay
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

OFF = GuestState.SHUT_OFF
LOCAL_DISK = build.disk("web", "local")
COPY = (build.copy_of(LOCAL_DISK),)


@dataclass(frozen=True)
class Case:
    """A fleet and a plan; the plain one is legal: web goes from hv1 to hv2, of three equal hosts."""

    fleet: Snapshot
    plan: Plan


def case(
    *moves: Move,
    web: Guest = build.guest(),  # noqa: B008 (frozen)
    source: tuple[Guest, ...] = (),
    there: tuple[Guest, ...] = (),
    third: tuple[Guest, ...] = (),
    request: Request = build.evacuate("hv1"),  # noqa: B008 (frozen)
    **dest: Any,
) -> Case:
    hosts = (build.host("hv1", web, *source), build.host("hv2", *there, **dest), build.host("hv3", *third))
    return Case(build.snapshot(*hosts), plan_of(request, *(moves or (build.move(),))))


def plan_of(request: Request, *moves: Move) -> Plan:
    """A plan whose sums are those of its moves."""
    seconds, size = sum(move.est_seconds for move in moves), sum(move.est_bytes for move in moves)
    return Plan("id", request, moves, est_seconds=seconds, est_bytes=size)


def with_host(given: Case, host: Host) -> Case:
    hosts = [host if host.name == other.name else other for other in given.fleet.hosts]
    return replace(given, fleet=build.snapshot(*hosts))


def disk_case(disk: Disk, *moves: Move, **changes: Any) -> Case:
    return case(*moves, web=build.guest(disks=(disk,), **changes))


def two_copies() -> tuple[Move, Move]:
    return build.move(1, "web", copies=COPY), build.move(2, "db", copies=(build.copy_of(build.disk("db", "local")),))


def small_pool(available: int) -> tuple[Any, ...]:
    return (replace(build.LOCAL, available=available), build.SHARED)


WEB_LOCAL = build.guest(disks=(LOCAL_DISK,))
DB_LOCAL = build.guest("db", disks=(build.disk("db", "local"),))
NEVER_RAN = build.guest(state=GuestState.PAUSED, has_run=False, disks=(build.disk("web", "shared"),))
OTHER_WEB = replace(build.guest("other"), name="web")
HOP_1 = build.move(1, parking=True)
HOP_2 = build.move(2, source="hv2", dest="hv3", after=("m0001",))
STAYS = Stay(build.uuid_of("web"), "web", "hv1", (Refusal(RefusalCode.NO_CANDIDATE, build.uuid_of("web")),))
ASKED = Request(Goal.MOVE, ("hv2",), ("web",))

# What is broken, the rule that must catch it, and the plan.
BROKEN: list[tuple[str, str, Callable[[], Case]]] = [
    ("one id for two moves", "unique id", lambda: case(build.move(1), build.move(1, "db"))),
    ("waits for a move that is not there", "order", lambda: case(build.move(after=("m0009",)))),
    ("waits for itself", "order", lambda: case(build.move(after=("m0001",)))),
    (
        "two moves wait for one another",
        "order",
        lambda: case(build.move(1, after=("m0002",)), build.move(2, "db", after=("m0001",))),
    ),
    ("to where it is", "movement", lambda: case(build.move(dest="hv1"))),
    ("to a host nobody knows", "known hosts", lambda: case(build.move(dest="hv9"))),
    ("from a host nobody knows", "known hosts", lambda: case(build.move(source="hv9"))),
    ("two moves of one guest at once", "one move at a time", lambda: case(build.move(1), build.move(2, dest="hv3"))),
    ("a guest that is not there", "guest at source", lambda: case(build.move(name="ghost"))),
    ("a guest that is elsewhere", "guest at source", lambda: case(build.move(source="hv3"))),
    (
        "second hop from where the first did not lead",
        "guest at source",
        lambda: case(HOP_1, build.move(2, source="hv3", dest="hv2", after=("m0001",))),
    ),
    (
        "from a silent host",
        "source answers",
        lambda: with_host(case(), build.host("hv1", build.guest(), state=HostState.UNREACHABLE)),
    ),
    ("to a silent host", "schedulable destination", lambda: case(state=HostState.UNREACHABLE)),
    ("to a host in maintenance", "schedulable destination", lambda: case(state=HostState.MAINTENANCE)),
    (
        "onto a host that is emptied",
        "no guest onto an evacuated host",
        lambda: case(request=build.evacuate("hv1", "hv2")),
    ),
    ("to another host than asked", "destination as asked", lambda: case(build.move(dest="hv3"), request=ASKED)),
    (
        "to another host than allowed",
        "allowed destination",
        lambda: case(request=build.evacuate("hv1", dests=("hv3",))),
    ),
    ("a paused guest live", "method by state", lambda: case(web=build.guest(state=GuestState.PAUSED))),
    ("a running guest offline", "method by state", lambda: case(build.move(method=Method.OFFLINE))),
    ("a shut-off guest live", "method by state", lambda: case(web=build.guest(state=OFF))),
    ("a crashed guest", "method by state", lambda: case(web=build.guest(state=GuestState.CRASHED))),
    ("a guest under backup", "free guest", lambda: case(web=build.guest(job=JobKind.OTHER))),
    ("a guest with snapshots", "free guest", lambda: case(web=build.guest(snapshots=1))),
    ("a guest with a device of its host", "movable devices", lambda: case(web=build.guest(unmovable_devices=("x",)))),
    ("a machine type from the future", "machine type", lambda: case(machine_types=("pc-q35-6.2",))),
    ("KVM where there is none", "kind of guest", lambda: case(virt_types=("qemu",))),
    (
        "another architecture",
        "kind of guest",
        lambda: case(cpu=HostCpu("aarch64", "Skylake-Server", "Intel", ("qemu64",))),
    ),
    ("a CPU model that is not there", "CPU model", lambda: case(cpu=HostCpu("x86_64", "Skylake-Server", "Intel"))),
    (
        "a CPU with a feature less",
        "CPU features",
        lambda: case(cpu=replace(build.host("hv2").cpu, lacks=(CpuLack(build.guest().cpu, "kvm", ("avx512f",)),))),
    ),
    (
        "an emulated TPM where swtpm is missing",
        "TPM",
        lambda: case(web=build.guest(tpm="emulator"), emulates_tpm=False),
    ),
    (
        "the host's own CPU onto another CPU",
        "same CPU",
        lambda: case(web=build.guest(cpu=GuestCpu("host-passthrough")), cpu=HostCpu("x86_64", "EPYC", "AMD")),
    ),
    (
        "a paused guest that has not run since it arrived",
        "paused since arrival",
        lambda: case(build.move(method=Method.PAUSED), web=NEVER_RAN),
    ),
    ("a name that is taken", "free name", lambda: case(there=(OTHER_WEB,))),
    (
        "a name that another guest brings",
        "free name",
        lambda: case(
            build.move(1),
            replace(build.move(2, "other", source="hv3"), name="web"),
            third=(replace(build.guest("other"), name="web"),),
        ),
    ),
    ("a host with the UUID of another", "host UUID", lambda: case(uuid=build.uuid_of("host hv3"))),
    ("a guest that runs elsewhere too", "runs once", lambda: case(third=(build.guest(),))),
    ("a guest that runs at its destination too", "runs once", lambda: case(there=(build.guest(),))),
    ("no network", "networks", lambda: case(networks=())),
    (
        "no bridge",
        "networks",
        lambda: case(web=build.guest(interfaces=(Interface("bridge", "br7"),))),
    ),
    (
        "a read-only disk copied",
        "copyable disk",
        lambda: disk_case(replace(LOCAL_DISK, readonly=True), build.move(copies=COPY)),
    ),
    (
        "a shared disk copied",
        "copyable disk",
        lambda: disk_case(replace(LOCAL_DISK, shareable=True), build.move(copies=COPY)),
    ),
    ("a local disk left behind", "storage reach", lambda: disk_case(LOCAL_DISK)),
    ("a disk in no pool", "storage reach", lambda: disk_case(build.disk(pool="nowhere"))),
    ("shared storage that is not there", "storage reach", lambda: case(pools=(build.LOCAL,))),
    ("shared storage that is not started", "storage reach", lambda: case(pools=(replace(build.SHARED, active=False),))),
    ("shared storage at another path", "storage reach", lambda: case(pools=(replace(build.SHARED, path="/mnt"),))),
    (
        "a pool of another name for a guest that names it",
        "storage reach",
        lambda: with_host(
            disk_case(build.disk(kind=DiskKind.VOLUME)), build.host("hv2", pools=(replace(build.SHARED, name="other"),))
        ),
    ),
    ("too little memory", "memory", lambda: case(allocatable_memory=512 * build.MIB - 1)),
    (
        "too little memory for two that come one after the other",
        "memory",
        lambda: case(
            build.move(1),
            build.move(2, "db", after=("m0001",)),
            source=(build.guest("db"),),
            allocatable_memory=1024 * build.MIB - 1,
        ),
    ),
    (
        "a guest that comes before another is surely gone",
        "memory",
        lambda: case(
            build.move(1),
            build.move(2, "old", source="hv2", dest="hv3"),
            there=(build.guest("old"),),
            request=build.evacuate("hv1", slots=build.evacuate().slots),
            allocatable_memory=1023 * build.MIB,
        ),
    ),
    ("too few vCPUs", "vCPUs", lambda: case(allocatable_vcpus=0)),
    (
        "too few vCPUs for all that may come at once",
        "vCPUs",
        lambda: case(build.move(1), build.move(2, "db"), source=(build.guest("db"),), allocatable_vcpus=1),
    ),
    (
        "a copy into a pool that is not there",
        "pool of the copy",
        lambda: case(build.move(copies=COPY), web=WEB_LOCAL, pools=(build.SHARED,)),
    ),
    (
        "a copy into a pool that is not started",
        "pool of the copy",
        lambda: case(build.move(copies=COPY), web=WEB_LOCAL, pools=(replace(build.LOCAL, active=False),)),
    ),
    (
        "a copy into shared storage",
        "copy of shared storage",
        lambda: case(build.move(copies=(build.copy_of(LOCAL_DISK, "shared"),)), web=WEB_LOCAL),
    ),
    (
        "a copy into a pool that is too small",
        "disk space",
        lambda: case(build.move(copies=COPY), web=WEB_LOCAL, pools=small_pool(build.GIB - 1)),
    ),
    (
        "two copies into a pool that holds one",
        "disk space",
        lambda: case(*two_copies(), web=WEB_LOCAL, source=(DB_LOCAL,), pools=small_pool(2 * build.GIB - 1)),
    ),
    (
        "a copy onto a volume of a guest that is there",
        "free volume",
        lambda: case(
            build.move(copies=COPY), web=WEB_LOCAL, there=(build.guest("old", disks=(build.disk("web", "local"),)),)
        ),
    ),
    (
        "two copies onto one volume",
        "free volume",
        lambda: case(
            build.move(1, copies=COPY),
            build.move(2, "db", copies=COPY),
            web=WEB_LOCAL,
            source=(build.guest("db", disks=(LOCAL_DISK,)),),
        ),
    ),
]

# Plans that look odd and are legal.
LEGAL: list[tuple[str, Callable[[], Case]]] = [
    ("one plain move", case),
    (
        "no move at all, and it is said why",
        lambda: replace(case(), plan=Plan("id", build.evacuate("hv1"), (), stays=(STAYS,))),
    ),
    ("memory to the last byte", lambda: case(allocatable_memory=512 * build.MIB, allocatable_vcpus=1)),
    ("two hops in order", lambda: case(HOP_1, HOP_2)),
    (
        "a guest that comes when another is surely gone",
        lambda: case(
            build.move(2, "old", source="hv2", dest="hv3"),
            build.move(1, after=("m0002",)),
            there=(build.guest("old"),),
            allocatable_memory=512 * build.MIB,
        ),
    ),
    (
        "gone by way of a chain of moves",
        lambda: case(
            build.move(3, "old", source="hv2", dest="hv3"),
            build.move(2, "db", dest="hv3", after=("m0003",)),
            build.move(1, after=("m0002",)),
            source=(build.guest("db"),),
            there=(build.guest("old"),),
            allocatable_memory=512 * build.MIB,
        ),
    ),
    (
        "a guest passes through a host that is full without it",
        lambda: case(
            HOP_1,
            HOP_2,
            build.move(3, "db", after=("m0002",)),
            source=(build.guest("db"),),
            allocatable_memory=512 * build.MIB,
        ),
    ),
    (
        "a shut-off guest where there is no room",
        lambda: case(
            build.move(method=Method.OFFLINE),
            web=build.guest(state=OFF),
            allocatable_memory=0,
            allocatable_vcpus=0,
        ),
    ),
    ("a paused guest paused", lambda: case(build.move(method=Method.PAUSED), web=build.guest(state=GuestState.PAUSED))),
    ("a running guest paused", lambda: case(build.move(method=Method.PAUSED))),
    (
        "an adopted move into a host that is full and in maintenance",
        lambda: case(
            build.move(adopt=True),
            web=build.guest(job=JobKind.OUTGOING),
            there=(build.guest(job=JobKind.INCOMING, state=GuestState.PAUSED),),
            state=HostState.MAINTENANCE,
            allocatable_memory=1,
            allocatable_vcpus=0,
        ),
    ),
    (
        "a guest under way counts once at its destination",
        lambda: case(
            build.move(1, adopt=True),
            build.move(2, "db"),
            web=build.guest(job=JobKind.OUTGOING),
            source=(build.guest("db"),),
            there=(build.guest(job=JobKind.INCOMING, state=GuestState.PAUSED),),
            allocatable_memory=1024 * build.MIB,
        ),
    ),
    (
        "a disk of a shut-off guest copied",
        lambda: disk_case(LOCAL_DISK, build.move(method=Method.OFFLINE, copies=COPY), state=OFF),
    ),
    ("a local disk copied", lambda: case(build.move(copies=COPY), web=WEB_LOCAL, pools=small_pool(build.GIB))),
    (
        "two copies that fill the pool",
        lambda: case(*two_copies(), web=WEB_LOCAL, source=(DB_LOCAL,), pools=small_pool(2 * build.GIB)),
    ),
    (
        "a guest that left a shut-off definition at its destination",
        lambda: case(there=(build.guest(state=OFF),)),
    ),
    (
        "an empty drive and a network disk",
        lambda: disk_case(build.disk(kind=DiskKind.NETWORK, pool="nowhere")),
    ),
    (
        "the device of a shut-off guest",
        lambda: case(
            build.move(method=Method.OFFLINE), web=build.guest(state=OFF, unmovable_devices=("PCI 0000:03:00.0",))
        ),
    ),
    ("to the host asked for", lambda: case(request=ASKED)),
    ("an interface that is plugged into nothing", lambda: case(web=build.guest(interfaces=(Interface("user"),)))),
]


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for what, rule, make in BROKEN])
def test_a_broken_plan_is_caught_by_its_rule(rule: str, make: Callable[[], Case]) -> None:
    given = make()
    found = verify.first_violation(given.fleet, given.plan)
    assert found is not None
    assert found.rule == rule, str(found)
    assert found.move in {move.id for move in given.plan.moves}


@pytest.mark.parametrize("make", [pytest.param(make, id=what) for what, make in LEGAL])
def test_a_legal_plan_is_accepted(make: Callable[[], Case]) -> None:
    given = make()
    assert verify.first_violation(given.fleet, given.plan) is None


def test_a_violation_says_where_and_what() -> None:
    assert str(verify.Violation("memory", "m0001", "too much")) == "memory at m0001: too much"
    assert str(verify.Violation("memory", "", "too much")) == "memory at the plan: too much"
