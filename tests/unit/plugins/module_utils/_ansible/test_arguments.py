"""Module parameters become values, and nonsense is refused with words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.arguments import (
    fleet_spec,
    hosts_of,
    maps_spec,
    settings_of,
    settings_spec,
    slots_of,
    slots_spec,
    with_maps,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, Slots


def given(spec, **options):
    result = ArgumentSpecValidator(spec).validate(options)
    assert not result.error_messages
    return result.validated_parameters


def test_the_defaults_of_the_options_are_those_of_the_model():
    assert settings_of(given(settings_spec())) == MoveSettings()
    assert slots_of(given(slots_spec())) == Slots()


def test_the_defaults_of_a_host_are_those_of_the_model():
    (host,) = hosts_of(given(fleet_spec(), hosts=[{"name": "hv1", "uri": "qemu+ssh://hv1/system"}]))
    assert (host.reserve_memory_mib, host.cpu_overcommit, host.shared_pools, host.labels) == (1024, 4.0, (), {})
    assert host.maintenance is None


def test_labels_are_text_whatever_yaml_made_of_them():
    entry = {"name": "hv1", "uri": "qemu+ssh://hv1/system", "labels": {"rack": 7, "spare": True}}
    (host,) = hosts_of(given(fleet_spec(), hosts=[entry]))
    assert host.labels == {"rack": "7", "spare": "True"}


def test_milliseconds_to_users_are_numbers_however_they_are_written():
    entry = {"name": "hv1", "uri": "qemu+ssh://hv1/system", "latency_ms": {"paris": "12.5", 75: 3}}
    (host,) = hosts_of(given(fleet_spec(), hosts=[entry]))
    assert host.latency_ms == {"paris": 12.5, "75": 3.0}


@pytest.mark.parametrize("given_ms", ["near", -1, "nan", "inf", None])
def test_milliseconds_that_are_none_are_refused(given_ms):
    entry = {"name": "hv1", "uri": "qemu+ssh://hv1/system", "latency_ms": {"paris": given_ms}}
    with pytest.raises(FleetError, match="latency_ms of host hv1 has"):
        hosts_of(given(fleet_spec(), hosts=[entry]))


def fleet(**maps):
    hosts = [{"name": name, "uri": f"qemu+ssh://{name}/system"} for name in ("hv1", "hv2")]
    return hosts_of(given(fleet_spec(), hosts=[{**hosts[0], **maps}, hosts[1]]))


def test_maps_of_a_move_are_added_to_those_of_its_destination():
    options = given(maps_spec(), bridge_map={"br0": "br1", "br2": 7}, path_map={"/a": "/b"})
    changed, other = with_maps(fleet(bridge_map={"br0": "br9", "br5": "br6"}), "hv1", options)
    assert changed.bridge_map == {"br0": "br1", "br2": "7", "br5": "br6"}
    assert (changed.path_map, other.bridge_map) == ({"/a": "/b"}, {})


@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ({"path_map": {"images": "/srv"}}, "path_map of host hv1 has images: /srv, which is not from one folder"),
        ({"pool_map": {"local": ""}}, "pool_map of host hv1 has an empty name"),
    ],
)
def test_maps_that_lead_nowhere_are_refused(maps, words):
    with pytest.raises(FleetError, match=words):
        fleet(**maps)
    with pytest.raises(FleetError, match=words):
        with_maps(fleet(), "hv1", given(maps_spec(), **maps))


@pytest.mark.parametrize(
    ("option", "value"),
    [("bandwidth_mibs", -1), ("bandwidth_mibs", 0), ("max_downtime_ms", -5), ("timeout", -1)],
)
def test_limits_that_libvirt_would_misread_are_refused(option, value):
    with pytest.raises(FleetError, match=option):
        settings_of(given(settings_spec(), **{option: value}))


def test_no_slots_at_all_are_refused():
    with pytest.raises(FleetError, match="max_per_fleet"):
        slots_of(given(slots_spec(), max_per_fleet=0))


def test_an_empty_list_of_hosts_is_refused():
    with pytest.raises(FleetError, match="empty"):
        hosts_of(given(fleet_spec(), hosts=[]))
