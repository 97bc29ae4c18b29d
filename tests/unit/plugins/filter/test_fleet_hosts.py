"""Inventory variables become the right entries."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.virtfleet.migration.plugins.filter.fleet_hosts import fleet_hosts


def entry(**variables):
    (found,) = fleet_hosts(["hv1"], {"hv1": variables})
    return found


def test_a_host_without_variables_is_reached_by_its_name():
    assert entry() == {
        "name": "hv1",
        "uri": "qemu+ssh://hv1/system?no_tty=1",
        "peer_uri": "qemu+tls://hv1/system",
    }


def test_libvirt_goes_the_way_that_ansible_goes():
    found = entry(
        ansible_host="10.0.0.1",
        ansible_user="op@x",
        ansible_port=2222,
        ansible_ssh_private_key_file="/k ey",
        ansible_ssh_executable="/bin/ssh wrapper",
    )
    assert found["uri"] == (
        "qemu+ssh://op%40x@10.0.0.1:2222/system?no_tty=1&keyfile=%2Fk%20ey&command=%2Fbin%2Fssh%20wrapper"
    )
    assert found["peer_uri"] == "qemu+tls://10.0.0.1/system"


def test_an_ipv6_address_is_bracketed():
    found = entry(ansible_host="fe80::1", virtfleet_peer_transport="ssh")
    assert found["uri"] == "qemu+ssh://[fe80::1]/system?no_tty=1"
    assert found["peer_uri"] == "qemu+ssh://root@[fe80::1]/system?no_tty=1"


def test_own_uris_win():
    found = entry(virtfleet_uri="qemu+tls://a/system", virtfleet_peer_uri="qemu+tls://b/system", ansible_host="c")
    assert (found["uri"], found["peer_uri"]) == ("qemu+tls://a/system", "qemu+tls://b/system")


def test_what_the_user_says_of_a_host_is_handed_over():
    found = entry(virtfleet_allocatable_memory_mib=0, virtfleet_labels={"gpu": "no"}, virtfleet_rack="r1")
    assert (found["allocatable_memory_mib"], found["labels"], found["rack"]) == (0, {"gpu": "no"}, "r1")
    assert entry(virtfleet_latency_ms={"paris": 12})["latency_ms"] == {"paris": 12}


def test_the_maintenance_mark_comes_from_local_facts():
    facts = {"virtfleet": {"maintenance": {"reason": "ram", "since": "2026"}}}
    assert entry(ansible_local=facts)["maintenance"] == {"reason": "ram", "since": "2026"}
    assert "maintenance" not in entry(ansible_local={})
    assert "maintenance" not in entry(ansible_local={"virtfleet": {"maintenance": None}})


def test_what_host_maintenance_has_said_is_newer_than_local_facts():
    facts = {"virtfleet": {"maintenance": {"reason": "ram", "since": "2026"}}}
    assert "maintenance" not in entry(ansible_local=facts, virtfleet_mark={"maintenance": None})
    told = {"maintenance": {"reason": "fan", "since": "2027"}}
    assert entry(ansible_local=facts, virtfleet_mark=told)["maintenance"]["reason"] == "fan"
    assert entry(ansible_local=facts, virtfleet_mark={"unreachable": True})["maintenance"]["reason"] == "ram"


@pytest.mark.parametrize("silent", [{}, {"virtfleet_mark": {"unreachable": True, "msg": "no route"}}])
@pytest.mark.parametrize("telling", [{"virtfleet_mark": {"maintenance": None}}, {"ansible_local": {}}])
def test_a_host_whose_mark_is_unknown_counts_as_marked_where_others_have_told_theirs(silent, telling):
    told, untold = fleet_hosts(["hv1", "hv2"], {"hv1": telling, "hv2": silent})
    assert "maintenance" not in told
    assert "could not read its mark" in untold["maintenance"]["reason"]


def test_where_nobody_has_read_marks_no_host_counts_as_marked():
    assert all("maintenance" not in host for host in fleet_hosts(["hv1", "hv2"], {"hv1": {}, "hv2": {}}))


def test_hosts_are_sorted_and_given_once():
    assert [host["name"] for host in fleet_hosts(["b", "a", "b"], {"a": {}, "b": {}})] == ["a", "b"]


def test_an_empty_group_is_an_error_that_says_so():
    with pytest.raises(AnsibleFilterError, match="group of hosts is empty"):
        fleet_hosts([], {})


def test_an_unknown_transport_is_refused():
    with pytest.raises(AnsibleFilterError, match="use tls or ssh"):
        entry(virtfleet_peer_transport="telnet")


def test_power_capacity_and_links_are_handed_over():
    power, links = {"idle_watts": 90, "full_watts": 300}, [{"sites": ["a", "b"], "bandwidth_mibs": 100}]
    found = entry(
        virtfleet_power_model=power,
        virtfleet_standby_like="hv2",
        virtfleet_memory_mib=4096,
        virtfleet_cpus=8,
        virtfleet_max_guests=0,
        virtfleet_links=links,
    )
    assert (found["power"], found["links"], found["standby_like"]) == (power, links, "hv2")
    assert (found["memory_mib"], found["cpus"], found["max_guests"]) == (4096, 8, 0)


@pytest.mark.parametrize(("value", "expected"), [(True, True), ("yes", True), (False, False), ("false", False)])
def test_standby_is_said_in_truth_or_in_words(value, expected):
    assert entry(virtfleet_standby=value).get("standby", False) is expected


def test_standby_that_is_neither_is_refused_by_name():
    with pytest.raises(AnsibleFilterError, match="virtfleet_standby of host hv1 is 'perhaps'"):
        entry(virtfleet_standby="perhaps")


def test_a_host_on_standby_is_not_suspected_of_a_mark_that_it_can_not_tell():
    told = {"virtfleet_mark": {"maintenance": None}}
    _first, asleep = fleet_hosts(["hv1", "hv2"], {"hv1": told, "hv2": {"virtfleet_standby": True}})
    assert "maintenance" not in asleep
    facts = {"virtfleet": {"maintenance": {"reason": "fan", "since": "2026"}}}
    marked = entry(virtfleet_standby=True, ansible_local=facts)
    assert marked["maintenance"]["reason"] == "fan"


SLEEPS = {"power": "off", "since": "2026-11-23T20:00:00+00:00", "reason": "night", "known": {"name": "hv2", "cpus": 8}}
MARKED = {"maintenance": {"reason": "standby: night", "since": "2026"}}


def noted(note=None, **variables):
    """Return the entry of a host that another one has a note about."""
    teller = {"virtfleet_mark": {"maintenance": None}, "virtfleet_standby_notes": {"notes": {"hv2": note or SLEEPS}}}
    return fleet_hosts(["hv1", "hv2"], {"hv1": teller, "hv2": variables})[1]


def test_a_host_that_another_has_noted_is_on_standby_with_what_was_known_of_it():
    found = noted(virtfleet_mark={"unreachable": True})
    assert (found["standby"], found["known"]) == (True, SLEEPS["known"])
    assert found["power_since"] == SLEEPS["since"]
    assert "maintenance" not in found


def test_a_host_switched_off_in_this_play_is_on_standby_though_it_has_told_its_mark():
    found = noted(virtfleet_mark=MARKED, virtfleet_power_state="off")
    assert found["standby"]
    assert "maintenance" not in found


def test_a_noted_host_that_answers_is_on_and_in_maintenance_until_its_mark_is_off():
    assert noted(virtfleet_mark=MARKED)["maintenance"]["reason"] == "standby: night"
    assert "standby" not in noted(virtfleet_mark=MARKED)
    assert "maintenance" not in noted(virtfleet_mark={"maintenance": None})


def test_a_silent_host_that_its_bmc_says_is_on_is_no_host_on_standby():
    found = noted(virtfleet_mark={"unreachable": True}, virtfleet_power_state="on")
    assert "standby" not in found
    assert "could not read its mark" in found["maintenance"]["reason"]


def test_a_host_that_failed_to_wake_is_left_alone_by_every_plan():
    found = noted({**SLEEPS, "failure": "no storage"}, virtfleet_power_state="off")
    assert found["standby"]
    assert found["maintenance"]["reason"] == "it failed to wake: no storage"


def test_a_host_marked_for_another_reason_stays_so_while_it_sleeps():
    facts = {"virtfleet": {"maintenance": {"reason": "fan", "since": "2026"}}}
    assert noted(virtfleet_power_state="off", ansible_local=facts)["maintenance"]["reason"] == "fan"


def test_a_woken_host_tells_since_when_it_is_on_unless_the_inventory_does():
    woken = {"power": "on", "since": "2026-11-24T06:00:00+00:00"}
    told = {"virtfleet_mark": {"maintenance": None}}
    assert noted(woken, **told)["power_since"] == woken["since"]
    assert noted(woken, **told, virtfleet_power_since="2026-01-01T00:00:00+00:00")["power_since"].startswith("2026-01")


def test_a_host_that_was_just_woken_is_on_though_the_inventory_says_that_it_sleeps():
    told = {"virtfleet_mark": {"maintenance": None}, "virtfleet_standby": True}
    assert "standby" not in entry(**told, virtfleet_power_state="on")
    assert entry(**told)["standby"]


PRESSED = {"maintenance": None, "pressure": {"cpu": 23.06, "memory": None, "io": 0.0}}


def test_pressure_comes_from_what_the_host_told_with_its_mark():
    assert entry(virtfleet_mark=PRESSED)["pressure"] == {"cpu": 23.06, "io": 0.0}
    assert "pressure" not in entry(virtfleet_mark={"maintenance": None})
    assert "pressure" not in entry(virtfleet_mark={"unreachable": True})
    assert "pressure" not in entry(virtfleet_mark={"maintenance": None, "pressure": dict.fromkeys(("cpu", "io"))})


def test_pressure_of_a_container_is_that_of_another_and_is_left_out():
    found = entry(virtfleet_mark=PRESSED, virtfleet_own_counters="no")
    assert "pressure" not in found
    assert found["own_counters"] == "no"
