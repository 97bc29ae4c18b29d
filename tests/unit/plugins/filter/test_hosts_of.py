"""Hosts are found by name, site and rack, and what nobody has is refused by name."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.virtfleet.migration.plugins.filter.hosts_of import hosts_of

GROUP = ["hv3", "hv2", "hv1"]
HOSTVARS = {
    "hv1": {"virtfleet_site": "north", "virtfleet_rack": "a"},
    "hv2": {"virtfleet_site": "north", "virtfleet_rack": "b"},
    "hv3": {"virtfleet_site": "south"},
}


def test_hosts_come_by_name_site_and_rack_together():
    assert hosts_of(GROUP, HOSTVARS, "hv3", [], ["b"]) == ["hv2", "hv3"]
    assert hosts_of(GROUP, HOSTVARS, sites="north, south") == ["hv1", "hv2", "hv3"]
    assert hosts_of(GROUP, HOSTVARS, sites=["north"], racks="a") == ["hv1", "hv2"]


def test_who_names_nothing_gets_nothing():
    assert hosts_of(GROUP, HOSTVARS) == []
    assert hosts_of(GROUP, HOSTVARS, "", ["", " "]) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hosts": "hv9"}, "no host of the group has the host 'hv9'; known are: hv1, hv2, hv3"),
        ({"sites": ["nroth"]}, "the site 'nroth'; known are: north, south"),
        ({"racks": ["c"]}, "the rack 'c'; known are: a, b"),
    ],
)
def test_what_no_host_has_is_refused(given, words):
    with pytest.raises(AnsibleFilterError, match=words):
        hosts_of(GROUP, HOSTVARS, **given)
