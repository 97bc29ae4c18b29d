"""Names of one host on another: mapped, as they are, and read backwards."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Interface
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Maps
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.maps import plug_at, pools_at
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

NONE = Maps()


@pytest.mark.parametrize(
    ("there", "here", "found"),
    [
        (NONE, NONE, "br0"),
        (Maps(bridges={"br0": "br1"}), NONE, "br1"),
        (Maps(bridges={"br0": "br9"}), NONE, None),
        (Maps(bridges={"other": "br1"}), NONE, "br0"),
        (NONE, Maps(bridges={"br1": "br0"}), "br0"),
    ],
    ids=["as it is", "mapped", "mapped to nothing", "another is mapped", "as it is before backwards"],
)
def test_a_bridge_is_looked_for(there, here, found):
    source, dest = build.host("hv1", maps=here), build.host("hv2", maps=there, bridges=("br0", "br1"))
    assert plug_at(Interface("bridge", "br0"), source, dest) == found


def test_a_map_is_read_backwards_where_the_name_is_unknown_and_on_through_the_other_host():
    source = build.host("hv1", maps=Maps(bridges={"lan": "br7"}))
    assert plug_at(Interface("bridge", "br7"), source, build.host("hv2", bridges=("lan",))) == "lan"
    other = build.host("hv3", bridges=("br3",), maps=Maps(bridges={"lan": "br3"}))
    assert plug_at(Interface("bridge", "br7"), source, other) == "br3"


def pools(there, here=NONE, by_name=False, **dest):
    source, other = build.host("hv1", maps=here), build.host("hv2", maps=there, **dest)
    return [pool.name for pool in pools_at(build.LOCAL, by_name, source, other)]


FAST = replace(build.LOCAL, name="fast", path="/srv/fast")


def test_a_pool_is_that_of_the_same_path_or_name_or_the_mapped_one():
    assert pools(NONE, pools=(replace(build.LOCAL, name="ssd"), FAST)) == ["ssd"]
    assert pools(NONE, by_name=True, pools=(build.LOCAL, FAST)) == ["local"]
    assert pools(Maps(pools={"local": "fast"}), pools=(build.LOCAL, FAST)) == ["fast"]
    assert pools(NONE, Maps(pools={"fast": "local"}), pools=(FAST,)) == ["fast"]
    assert pools(NONE, pools=(replace(build.LOCAL, active=False),)) == []


def test_the_longest_folder_that_is_mapped_counts():
    maps = Maps(paths={"/srv": "/mnt", "/srv/local": "/srv/fast", "/srv/loc": "/wrong"})
    assert pools(maps, pools=(FAST, build.LOCAL)) == ["fast"]
    assert pools(NONE, Maps(paths={"/srv/fast": "/srv/local"}), pools=(FAST,)) == ["fast"]
