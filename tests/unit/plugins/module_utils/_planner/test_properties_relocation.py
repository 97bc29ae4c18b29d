"""Relocations of random fleets of several sites: each plan is sound, and what is asked of it is so.

make_plan has each plan replayed by the verifier, and raises where that finds a fault.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, Maps, Pool
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.check import check_request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.select import labels_of
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.property_cases import RUNS
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_fleet import random_fleet

MAPS = ({"san": "vault"}, {"san": "vault", "local": "vault"})
SHOP = build.guest("web", notes=Notes(labels={"app": "shop"}))
STORES = {"a": ("san", "/srv/san"), "b": ("vault", "/srv/vault")}


def sited(rng: Random, host: Host, free: Mapping[str, int]) -> Host:
    """Return the host on a site with storage of its own, and some milliseconds from its users."""
    site = rng.choice("ab")
    name, path = STORES[site]
    store = Pool(name, "netfs", True, path, f"gluster://{site}/guests", 100 * build.GIB, free[site])
    guests = tuple(
        replace(guest, disks=(build.disk(guest.name, name, source=f"{path}/{guest.name}-vda.qcow2"),))
        if rng.random() < 0.6
        else guest
        for guest in host.guests
    )
    return replace(
        host,
        site=site,
        pools=(*host.pools, store),
        guests=guests,
        maps=Maps(pools=rng.choice(MAPS)) if site == "b" else Maps(),
        latency_ms={"paris": rng.choice((5.0, 12.0, 40.0))} if rng.random() < 0.9 else {},
    )


def asked(rng: Random, fleet: Snapshot) -> Request:
    names = sorted({place.guest.name for place in fleet.residents})
    places = [*sorted({host.site or "" for host in fleet.hosts}), *(host.name for host in fleet.hosts)]
    wanted = {"displace": rng.random() < 0.5, "all_or_none": rng.random() < 0.3, "group_label": rng.choice(("", "app"))}
    request = Request(Goal.RELOCATE, **wanted)
    way = rng.choice(("site", "map", "near", "near the rest"))
    if way == "site":
        return replace(request, sites=("a",), dest_sites=("b",))
    if way == "map":
        some = rng.sample(names, min(len(names), 3))
        labelled = {label for place in fleet.residents for label in labels_of(place.guest)} & {"app=a"}
        return replace(request, dest_of={key: rng.choice(places) for key in (*some, *labelled)})
    near = replace(request, near="paris", max_latency_ms=rng.choice((5.0, 20.0)))
    if way == "near":
        return replace(near, guests=tuple(names))
    return replace(near, hosts=(rng.choice(fleet.hosts).name,))


@lru_cache(maxsize=1)
def planned() -> tuple[tuple[Snapshot, Plan], ...]:
    found = []
    for seed in range(4 * RUNS):
        rng = Random(f"relocation {seed}")
        fleet = random_fleet(rng)
        free = {site: rng.choice((2, 5, 50)) * build.GIB for site in STORES}
        fleet = replace(fleet, hosts=tuple(sited(rng, host, free) for host in fleet.hosts))
        request = asked(rng, fleet)
        try:
            check_request(fleet, request)
        except FleetError:
            continue  # names that several guests have, a host that does not answer
        found.append((fleet, make_plan(fleet, request)))
    return tuple(found)


def test_plans_move_guests_copy_their_disks_and_leave_some() -> None:
    plans = [plan for _fleet, plan in planned()]
    assert len(plans) > RUNS
    assert sum(len(plan.moves) for plan in plans) > RUNS
    assert any(copy.dest.pool in ("san", "vault") for plan in plans for move in plan.moves for copy in move.copies)
    assert any(plan.stays and plan.moves for plan in plans)


def test_nobody_goes_where_all_or_none_are_to_and_somebody_can_not() -> None:
    whole = [plan for _fleet, plan in planned() if plan.request.all_or_none]
    assert [plan for plan in whole if plan.stays and any(not move.adopt for move in plan.moves)] == []
    assert any(plan.stays for plan in whole)


def test_who_is_to_be_near_ends_near_enough_or_is_named() -> None:
    for fleet, plan in planned():
        if plan.request.near is None:
            continue
        latency = {host.name: host.latency_ms.get("paris", 1e9) for host in fleet.hosts}
        far = [
            move.name
            for move in plan.moves
            if not move.parking and not move.adopt and latency[move.dest] > (plan.request.max_latency_ms or 0)
        ]
        spoken_of = set(plan.request.guests)
        assert not set(far) & spoken_of


def test_a_guest_whose_name_reads_like_a_label_is_a_guest() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest("app=1")), build.host("hv2", site="south"))
    check_request(fleet, Request(Goal.RELOCATE, dest_of={"app=1": "south"}))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"sites": ("north",)},
            "no destination is given. Say where to: dests, dest_sites, dest_labels, dest_of or near",
        ),
        ({"dest_sites": ("south",)}, "nothing is given that is to go"),
        ({"guests": ("web",), "near": "paris"}, "near is given without max_latency_ms"),
        ({"guests": ("web",), "max_latency_ms": 5.0}, "max_latency_ms is given without near"),
        (
            {"guests": ("web",), "near": "pars", "max_latency_ms": 5.0},
            "no host has a latency to 'pars'. Did you mean paris?",
        ),
        ({"guests": ("web",), "near": "paris", "max_latency_ms": -1.0}, "max_latency_ms is -1"),
        (
            {"dest_of": {"web": "suoth"}},
            "dest_of sends web to 'suoth', which is no host and no site. Did you mean south or north?",
        ),
        ({"dest_of": {"wbe": "south"}}, "no guest is called 'wbe'"),
        (
            {"dest_of": {"app=shpo": "south"}},
            "no guest on the hosts that answered has the label app=shpo of dest_of. Did you mean app=shop?",
        ),
        (
            {"goal": Goal.EVACUATE, "hosts": ("hv1",), "dest_of": {"web": "south"}},
            "dest_of means nothing to the goal evacuate",
        ),
        ({"goal": Goal.BALANCE, "all_or_none": True}, "all_or_none means nothing to the goal balance"),
    ],
)
def test_a_relocation_that_makes_no_sense_is_refused(options: dict[str, object], text: str) -> None:
    fleet = build.snapshot(
        build.host("hv1", SHOP, site="north", latency_ms={"paris": 3.0}), build.host("hv2", site="south")
    )
    with pytest.raises(FleetError) as caught:
        check_request(fleet, Request(**{"goal": Goal.RELOCATE, **options}))
    assert str(caught.value).startswith(text)
