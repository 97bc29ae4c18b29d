"""Documents survive the way to JSON and back, and every wrong one is refused with the place of the first error."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import (
    DecodeError,
    digest,
    from_json,
    to_json,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    GuestState,
    JobKind,
    MoveClaim,
    Notes,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Maintenance, version_text
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan, read_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot, read_snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build


def a_fleet() -> Snapshot:
    """A fleet that has a value in every corner of the model."""
    notes = Notes("hv1", MoveClaim("hv1", "hv2", True, (VolumeRef("local", "a b'\"ü.qcow2"),)))
    odd = build.guest("ein Gast 'mit' \"Ü\"", notes=notes, job=JobKind.OTHER, usage_cpu_seconds=1.5, snapshots=1)
    local = build.guest("local", disks=(build.disk("local", "local", allocation=None),))
    mark = Maintenance("new memory", "2026-01-01T00:00:00Z")
    return build.snapshot(
        build.host("hv1", odd, local),
        build.host("hv2", maintenance=mark, labels={"rack": "r1"}, site="north", uuid=None),
    )


def document(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The JSON form of the fleet after a change made in place."""
    data: dict[str, Any] = json.loads(json.dumps(to_json(a_fleet())))
    change(data)
    return data


def test_a_snapshot_survives_the_way_to_text_and_back() -> None:
    assert read_snapshot(json.dumps(to_json(a_fleet())), "snapshot") == a_fleet()


def test_a_plan_survives_the_way_to_text_and_back() -> None:
    fleet = build.snapshot(
        build.host("hv1", build.guest("a", disks=(build.disk("a", "local"),)), build.guest("b", snapshots=1)),
        build.host("hv2"),
    )
    plan = make_plan(fleet, build.evacuate("hv1"))
    assert plan.moves
    assert plan.stays
    assert read_plan(json.dumps(to_json(plan)), "plan") == plan


def test_enums_are_written_by_value_and_fields_by_name() -> None:
    data = to_json(build.guest(state=GuestState.SHUT_OFF))
    assert data["state"] == "shut_off"
    assert data["memory"] == 512 * build.MIB


def test_what_has_no_json_form_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError, match="no JSON form for set"):
        to_json({"a": {1, 2}})


def test_missing_keys_take_their_defaults() -> None:
    assert from_json(MoveSettings, {"timeout": 5}) == MoveSettings(timeout=5)


def test_a_whole_number_will_do_where_a_number_is_asked_for() -> None:
    guest = from_json(type(build.guest()), {**to_json(build.guest()), "usage_cpu_seconds": 3})
    assert isinstance(guest.usage_cpu_seconds, float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["hosts"][1].update(name=7), "hosts[1].name: expected text, found 7"),
        (lambda d: d["hosts"][0].update(cpus="4"), 'hosts[0].cpus: expected a whole number, found "4"'),
        (lambda d: d["hosts"][0].update(cpus=1.5), "hosts[0].cpus: expected a whole number, found 1.5"),
        (lambda d: d["hosts"][0].update(cpus=True), "hosts[0].cpus: expected a whole number, found true"),
        (lambda d: d["hosts"][0].update(cpus=None), "hosts[0].cpus: expected a whole number, found null"),
        (lambda d: d["hosts"][0].update(colour=1), "hosts[0].colour: not a known key"),
        (lambda d: d["hosts"][0].pop("state"), "hosts[0].state: missing"),
        (lambda d: d["hosts"][0].update(labels=[]), "hosts[0].labels: expected a mapping, found []"),
        (lambda d: d["hosts"][1]["labels"].update(rack=1), "hosts[1].labels.rack: expected text, found 1"),
        (lambda d: d["hosts"][0].update(guests={}), "hosts[0].guests: expected a list, found {}"),
        (lambda d: d["hosts"][0]["guests"].append(1), "hosts[0].guests[2]: expected a mapping, found 1"),
        (
            lambda d: d["hosts"][0]["guests"][0].update(persistent=1),
            "hosts[0].guests[0].persistent: expected true or false, found 1",
        ),
        (
            lambda d: d["hosts"][0]["guests"][0].update(usage_cpu_seconds="much"),
            'hosts[0].guests[0].usage_cpu_seconds: expected a number, found "much"',
        ),
        (
            lambda d: d["hosts"][0]["guests"][1]["disks"][0].update(kind="tape"),
            'hosts[0].guests[1].disks[0].kind: expected one of file, block, network, volume, other, none, found "tape"',
        ),
        (
            lambda d: d["hosts"][0].update(state=["schedulable"]),
            'hosts[0].state: expected one of schedulable, maintenance, standby, unreachable, found ["schedulable"]',
        ),
        (lambda d: d.pop("taken_at"), "taken_at: missing"),
    ],
)
def test_an_error_names_its_place(change: Callable[[dict[str, Any]], object], message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        from_json(Snapshot, document(change))
    assert caught.value.message == message


def test_a_document_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(DecodeError, match="the document: expected a mapping, found 3"):
        from_json(Snapshot, 3)


def test_a_long_wrong_value_is_shortened_in_the_message() -> None:
    with pytest.raises(DecodeError) as caught:
        from_json(Snapshot, document(lambda d: d["hosts"][0].update(cpus="x" * 500)))
    assert len(caught.value.message) < 150
    assert caught.value.message.endswith("...")


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_a_truncated_document_is_refused_as_cut_off(share: float) -> None:
    text = json.dumps(to_json(a_fleet()))
    with pytest.raises(FleetError) as caught:
        read_snapshot(text[: int(len(text) * share)], "snapshot file s.json")
    assert caught.value.message.startswith("snapshot file s.json is not complete JSON (")
    assert caught.value.remedy == "It may be cut off; make it again"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_a_document_nested_without_end_is_refused(text: str) -> None:
    with pytest.raises(FleetError, match=r"^snapshot file s\.json is not complete JSON"):
        read_snapshot(text, "snapshot file s.json")


@pytest.mark.parametrize("text", ["[]", "3", "null", '"schema"', "{}", '{"hosts": []}'])
def test_a_document_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(FleetError, match=r"^plan file p\.json has no schema number\. Give a document that"):
        read_plan(text, "plan file p.json")


@pytest.mark.parametrize("number", [0, 2, "1", None, 1.5])
def test_a_document_of_another_schema_is_refused(number: object) -> None:
    text = json.dumps({"schema": number})
    with pytest.raises(FleetError, match=rf"^plan file p\.json has schema {number}, this version reads schema 1"):
        read_plan(text, "plan file p.json")


def test_a_document_with_a_wrong_place_is_refused_by_file_and_place() -> None:
    text = json.dumps(document(lambda d: d["hosts"][0].update(cpus="4")))
    with pytest.raises(FleetError, match=r"^snapshot file s\.json can't be read: hosts\[0\]\.cpus: expected"):
        read_snapshot(text, "snapshot file s.json")


def test_a_snapshot_is_no_plan() -> None:
    with pytest.raises(FleetError, match=r"^plan file p\.json can't be read: host_checks: not a known key"):
        read_plan(json.dumps(to_json(a_fleet())), "plan file p.json")


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_the_digest_tells_every_change() -> None:
    fleet = a_fleet()
    changed = replace(fleet, hosts=(replace(fleet.hosts[0], cpus=5), *fleet.hosts[1:]))
    digests = {digest(fleet), digest(changed), digest(fleet, 1), digest(), digest([fleet])}
    assert len(digests) == 5
    assert all(len(text) == 16 for text in digests)


def test_version_numbers_are_shown_as_people_write_them() -> None:
    assert [version_text(number) for number in (7_002_000, 10_000_012, 0)] == ["7.2.0", "10.0.12", "0.0.0"]


def test_a_plan_keeps_its_type_of_moves() -> None:
    plan = make_plan(build.snapshot(build.host("hv1", build.guest()), build.host("hv2")), build.evacuate("hv1"))
    assert from_json(Plan, to_json(plan)).moves[0].method is plan.moves[0].method
