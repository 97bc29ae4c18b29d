"""The table that the mutation check goes through: what is broken, and which rule must speak. Data only."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    GuestCpu,
    GuestState,
    JobKind,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Bound, Stay, Wave
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import (
    RuleKind,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutate import (
    Mutate,
    active,
    dest_changed,
    guest_changed,
    has_pages,
    has_space,
    move_changed,
    ruled,
    shut_off,
    some_move,
    with_host,
    with_plan,
    with_request,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutations import (
    breach_called_old,
    brought_back_unasked,
    displaced_unasked,
    elsewhere,
    forget_order,
    from_elsewhere,
    id_twice,
    left_parked,
    listed_too_early,
    move_dropped,
    moved_twice,
    moved_without_cause,
    no_room,
    not_brought_back,
    old_breach_concealed,
    onto_emptied,
    own_rule,
    parted,
    soft_concealed,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutations_of_goals import (
    _first_not_first,
    _ghost_moves,
    _host_left_out,
    _last_not_last,
    _neighbours_joined,
    _not_home,
    _stranger_upgraded,
    _wave_lost,
    _wave_twice,
    _waves_joined,
    _waves_mixed,
    all_in_pages,
    anything,
    asleep,
    cells_less,
    end_rule,
    features_less,
    frail_concealed,
    full_host_off,
    loss_now_fatal,
    loss_now_fatal_without_the_emptied,
    named_like_resident,
    needs_copy,
    of_goal,
    racks_shared,
    rolling,
    runs_elsewhere,
    small_pools,
    tpm_without_swtpm,
    volume_of_resident,
    without_pages,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import (
    breach,
)


def a_stay(name: str, host: str, *codes: RefusalCode) -> Stay:
    uuid = build.uuid_of(name)
    return Stay(uuid, name, host, tuple(Refusal(code, uuid) for code in codes))


# The rule that must speak (or one of several, where what breaks first depends on the plan), and what breaks it.
MUTATIONS: dict[str, dict[str, Mutate]] = {
    "unique id": {"an id twice": id_twice},
    "order": {
        "listed before what it waits for": listed_too_early,
        "waits for nobody known": move_changed(anything, lambda _move: {"after": ("m9999",)}),
    },
    "movement": {"to itself": move_changed(anything, lambda move: {"dest": move.source})},
    "known hosts": {"to nowhere": move_changed(anything, lambda _move: {"dest": "hv99"})},
    "one move at a time|waves in order|one wave": {
        "a second move at once": lambda rng, case: with_plan(
            case, moves=(*case.plan.moves, replace(rng.choice(case.plan.moves), id="m0099"))
        )
    },
    "guest at source": {
        "a guest nobody knows": move_changed(anything, lambda _move: {"guest": build.uuid_of("ghost")}),
        "from where it is not": from_elsewhere,
    },
    "name of the guest": {"another's name": move_changed(anything, lambda _move: {"name": "other"})},
    "source answers|schedulable destination": {
        "the source is silent": lambda rng, case: with_host(
            case, rng.choice(case.plan.moves).source, state=HostState.UNREACHABLE
        )
    },
    "schedulable destination|source answers": {
        "in maintenance": dest_changed(anything, lambda _host: {"state": HostState.MAINTENANCE}),
        "on standby, not woken": asleep,
    },
    "power on": {
        "woken without leave": lambda rng, case: asleep(rng, case, power_on=tuple(h.name for h in case.fleet.hosts)),
        "awake already": lambda _rng, case: with_request(with_plan(case, power_on=("hv8",)), wake=True),
    },
    "power off|empty before it is off|hosts that stay on|no guest onto an emptied host|every host in its turn": {
        "a host that was used goes off": full_host_off,
        "an idle full host goes off": lambda _rng, case: with_plan(case, power_off=(*case.plan.power_off, "hv8")),
        "off what is off": lambda _rng, case: with_plan(case, power_off=(*case.plan.power_off, "hv9")),
    },
    "hosts that stay on": {
        "too few stay on": of_goal(Goal.CONSOLIDATE, lambda case: with_request(case, min_on=7)),
        "one that shall stay on": of_goal(Goal.CONSOLIDATE, lambda case: with_request(case, keep_on=("hv1",))),
    },
    "host UUID": {"two hosts with one UUID": dest_changed(anything, lambda _host: {"uuid": build.uuid_of("host hv9")})},
    "all or none": {
        "some go, some stay": lambda _rng, case: with_request(
            with_plan(case, stays=(a_stay("ghost", "hv1", RefusalCode.MEMORY),)), all_or_none=True
        ),
    },
    "adopted move": {"adopted and not under way": move_changed(anything, lambda _move: {"adopt": True})},
    "memory|plain memory": {
        "a byte too little": dest_changed(active, lambda host: {"allocatable_memory": host.allocatable_memory - 1})
    },
    "vCPUs": {"a vCPU too few": dest_changed(active, lambda host: {"allocatable_vcpus": host.allocatable_vcpus - 1})},
    "plain memory": {
        "pages set aside": dest_changed(without_pages, all_in_pages),
    },
    "memory|vCPUs": {
        "more headroom": lambda rng, case: (
            with_request(case, headroom_percent=50.0) if some_move(rng, case, active) else None
        )
    },
    "CPU usage": {
        "a CPU too few": dest_changed(active, lambda host: {"cpus": host.cpus - 1}),
        "a lower cap": lambda rng, case: (
            with_request(case, max_cpu_percent=49.0) if some_move(rng, case, active) else None
        ),
    },
    "huge pages": {
        "a page too few": dest_changed(lambda _m, g: g.hugepage_kib is not None, cells_less(pages=1), has_pages)
    },
    "NUMA memory": {
        "a byte too little in a node": dest_changed(lambda _m, g: bool(g.numa_cells), cells_less(memory=1))
    },
    "NUMA nodes|NUMA memory": {"no such node": guest_changed(active, numa_cells=(7,))},
    "disk space": {"a byte too little in the pool": dest_changed(needs_copy, small_pools, has_space)},
    "pool of the copy|place of the copy": {
        "no local pool": dest_changed(needs_copy, lambda _host: {"pools": (build.SHARED,)})
    },
    "memory|vCPUs|CPU usage|huge pages|plain memory|NUMA memory|guest at source|one move at a time|disk space": {
        "the order is forgotten": forget_order
    },
    "free name|name of the guest": {"named like a resident": named_like_resident},
    "free volume": {"a volume of a resident": volume_of_resident},
    "runs once": {"runs elsewhere too": runs_elsewhere},
    "method by state": {
        "live while shut off": move_changed(shut_off, lambda _move: {"method": Method.LIVE}),
        "offline while it runs": move_changed(active, lambda _move: {"method": Method.OFFLINE}),
        "crashed": guest_changed(active, state=GuestState.CRASHED),
    },
    "free guest": {
        "under backup": guest_changed(anything, job=JobKind.OTHER),
        "with snapshots": guest_changed(anything, snapshots=2),
    },
    "readable rules": {"a rule that can't be read": guest_changed(anything, unreadable_rules=("orbit",))},
    "movable devices": {"a device": guest_changed(active, unmovable_devices=("PCI",))},
    "machine type": {"an unknown machine": guest_changed(anything, machine="pc-q35-99")},
    "kind of guest": {"no KVM": dest_changed(anything, lambda _host: {"virt_types": ("qemu",)})},
    "CPU model": {"an unknown CPU": guest_changed(anything, cpu=GuestCpu("custom", "EPYC"))},
    "CPU features": {"a feature less": dest_changed(anything, features_less)},
    "TPM": {"no swtpm": tpm_without_swtpm},
    "networks": {"no network": dest_changed(anything, lambda _host: {"networks": ()})},
    "storage reach": {
        "no shared pool": dest_changed(lambda move, _guest: not move.copies, lambda _host: {"pools": (build.LOCAL,)}),
        "a disk left behind": move_changed(needs_copy, lambda _move: {"copies": ()}),
    },
    "copyable disk": {
        "a shared disk copied": guest_changed(needs_copy, disks=(build.disk("x", "local", shareable=True),))
    },
    "copy of its disk": {
        "the copy of another disk": move_changed(
            needs_copy, lambda move: {"copies": (replace(move.copies[0], target="vdz"),)}
        ),
        "the copy of another volume": guest_changed(needs_copy, disks=(build.disk("x", "local"),)),
    },
    "pin": {
        "a pin": ruled(RuleKind.PIN, lambda move, _r: {"guests": (move.name,), "hosts": (move.source,)}),
        "a pin by label": ruled(RuleKind.PIN, lambda move, _r: {"labels": {"of": move.name[:3]}, "hosts": ("hv9",)}),
        "its own pin": own_rule(RuleKind.PIN, lambda move: {"hosts": (move.source,)}),
    },
    "ban": {
        "a ban": ruled(RuleKind.BAN, lambda move, _r: {"guests": (move.guest,), "hosts": (move.dest,)}),
        "a ban by pattern": ruled(
            RuleKind.BAN, lambda move, _r: {"guests": ("hv?-*",), "hosts": (move.dest[:-1] + "*",)}
        ),
        "a ban by host label": ruled(RuleKind.BAN, lambda move, _r: {"guests": (move.name,), "sites": ("a", "b")}),
        "its own ban": own_rule(RuleKind.BAN, lambda move: {"hosts": (move.dest,)}),
    },
    "guests per place": {
        "anti-affinity": ruled(RuleKind.ANTI_AFFINITY, lambda move, resident: {"guests": (move.name, resident)}),
        "anti-affinity by rack and label": racks_shared,
        "its own anti-affinity": own_rule(RuleKind.ANTI_AFFINITY, lambda _move: {"group": "db"}),
        "too many guests": ruled(
            RuleKind.MAX_GUESTS,
            lambda move, resident: {"guests": (move.name, resident), "hosts": (move.dest,), "most": 1},
        ),
        "more than the inventory lets the host have": dest_changed(active, lambda _host: {"max_guests": 0}),
        "no guest at all": ruled(RuleKind.MAX_GUESTS, lambda move, _r: {"hosts": (move.dest,), "most": 0}),
    },
    "methods": {
        "another method": ruled(RuleKind.METHODS, lambda move, _r: {"guests": (move.name,), "methods": ("paused",)}),
        "its own method": own_rule(RuleKind.METHODS, lambda _move: {"methods": ("offline",)}),
    },
    "hard rule at the end": {"broken at the end": end_rule},
    "affinity": {"parted": parted},
    "breaches": {
        "a soft rule concealed": soft_concealed,
        "an old breach concealed": old_breach_concealed,
        "a new breach called old": breach_called_old,
        "a breach of a rule that holds": lambda _rng, case: with_plan(case, breaches=(breach("on earth"),)),
        "a breach of no rule": lambda _rng, case: with_plan(case, breaches=(breach("no such rule"),)),
    },
    "no guest onto an evacuated host|no guest onto an emptied host|no guest onto a host of its wave": {
        "onto an emptied host": onto_emptied
    },
    "allowed destination": {"to a host that is not allowed": elsewhere((Goal.EVACUATE, Goal.RELOCATE), no_room)},
    "destination as asked": {"to another host": elsewhere((Goal.MOVE, Goal.RESTORE))},
    "among the hosts": {
        "outside the given hosts": lambda _rng, case: (
            with_request(case, hosts=("hv9",)) if case.plan.request.goal in (Goal.BALANCE, Goal.CONSOLIDATE) else None
        )
    },
    "all who stay are named|hosts of a wave are empty|cause|memory|vCPUs|CPU usage|huge pages|plain memory|NUMA memory|"
    "disk space": {"somebody forgotten": move_dropped},
    "nobody displaced": {"displaced without leave": displaced_unasked},
    "cause": {"moved without cause": moved_without_cause},
    "brought back": {"not brought back": not_brought_back},
    "one move per guest": {"brought back unasked": brought_back_unasked},
    "one move per guest|memory|vCPUs|no guest onto an evacuated host|allowed destination|destination as asked|"
    "CPU usage|huge pages|plain memory|NUMA memory|disk space|no guest onto an emptied host|guests per place": {
        "there and back again": moved_twice
    },
    "parking ends|memory|vCPUs|CPU usage|huge pages|plain memory|NUMA memory": {"left parked": left_parked},
    "number of moves": {"a move too many": of_goal(Goal.CONSOLIDATE, lambda case: with_request(case, max_moves=9))},
    "number of bytes": {"a byte too many": of_goal(Goal.BALANCE, lambda case: with_request(case, max_bytes=100))},
    "imbalance falls": {
        "worse than before": of_goal(
            Goal.BALANCE, lambda case: with_plan(case, bounds=(Bound("imbalance", "", 0.5, 0.6),))
        ),
        "good enough before": of_goal(Goal.BALANCE, lambda case: with_request(case, threshold=0.6)),
    },
    "waves in order": {"waves mixed up": rolling(_waves_mixed)},
    "one wave": {"in two waves": rolling(_wave_twice), "in no wave": rolling(_wave_lost)},
    "waves": {"waves where none belong": of_goal(Goal.REPAIR, lambda case: with_plan(case, waves=(Wave((), ()),)))},
    "hosts at once|hosts of a wave are empty": {"two hosts in one wave": rolling(_waves_joined)},
    "one of a place at once": {"two of a rack in one wave": rolling(_neighbours_joined)},
    "every host in its turn": {"a host left out": rolling(_host_left_out)},
    "hosts of the waves": {"a stranger upgraded": rolling(_stranger_upgraded)},
    "hosts in their turn": {
        "one that shall come first does not": rolling(_first_not_first),
        "one whose guest is named shall come last and does not": rolling(_last_not_last),
    },
    "moves of the waves": {"moves of nobody": rolling(_ghost_moves)},
    "home again": {"not home": rolling(_not_home)},
    "repair": {
        "nothing mended": of_goal(Goal.REPAIR, lambda case: with_request(case, rules=case.plan.request.rules[:-1]))
    },
    "frail hosts": {
        "a frail host concealed": frail_concealed,
        "nothing told": of_goal(Goal.CONSOLIDATE, lambda case: with_plan(case, frail=None)),
        "an empty host called frail": of_goal(Goal.CONSOLIDATE, lambda case: with_plan(case, frail=("hv1",))),
    },
    "survives a loss": {
        "the spare host is switched off": loss_now_fatal,
        "the spare host is evacuated as well": loss_now_fatal_without_the_emptied,
    },
    "sum of bytes": {"bytes concealed": lambda _rng, case: with_plan(case, est_bytes=case.plan.est_bytes - 1)},
    "estimate of seconds": {
        "faster than a move": lambda _rng, case: with_plan(case, est_seconds=5.0),
        "slower than all": lambda _rng, case: None if case.plan.waves else with_plan(case, est_seconds=1000.0),
    },
    "critical path": {"a move of nobody": lambda _rng, case: with_plan(case, critical_path=("m9999",))},
    "bound": {
        "better than possible": lambda _rng, case: with_plan(case, bounds=(*case.plan.bounds, Bound("x", "", 3, 1, 2)))
    },
    "stays with reasons": {
        "stays for no reason": lambda _rng, case: with_plan(case, stays=(a_stay("hv8-1", "hv8"),)),
    },
    "stays where it is": {
        "said to stay elsewhere": lambda _rng, case: (
            None if case.plan.waves else with_plan(case, stays=(a_stay("hv8-1", "hv9", RefusalCode.NO_CANDIDATE),))
        )
    },
}
