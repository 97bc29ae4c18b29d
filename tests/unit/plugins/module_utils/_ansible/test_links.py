"""Links of the options become links of the snapshot; what is wrong whatever the fleet is refused with words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.links import (
    check_links,
    links_of,
    lost_links,
    with_links,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import request_spec
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import (
    HourlyBandwidth,
    Link,
    PostCopyOver,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import Compression


def validated(**options):
    result = ArgumentSpecValidator(request_spec(required=False)).validate({"goal": "evacuate", **options})
    assert not result.error_messages, result.error_messages
    return result.validated_parameters


def test_a_link_says_when_and_how_it_may_be_used():
    given = {
        "sites": ["a", "b"],
        "bandwidth_mibs": 12,
        "cost_per_gib": 0.02,
        "latency_ms": 20,
        "tls_required": True,
        "hours": ["22:00-06:00", "sat,sun 00:00-24:00"],
        "bandwidth_by_hour": [{"hours": "00:00-05:00", "bandwidth_mibs": 100}],
        "timezone": "Europe/Berlin",
        "policy": "wan",
        "compression": "zstd",
        "parallel_connections": 4,
        "post_copy": "refuse",
    }
    assert links_of(validated(links=[given])) == (
        Link(
            ("a", "b"),
            12.0,
            20.0,
            0.02,
            True,
            ("22:00-06:00", "sat,sun 00:00-24:00"),
            (HourlyBandwidth("00:00-05:00", 100.0),),
            "Europe/Berlin",
            "wan",
            Compression.ZSTD,
            4,
            PostCopyOver.REFUSE,
        ),
    )


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (
            [{"sites": ["a", "b"], "bandwidth_mibs": 0}],
            r"the link of a and b has 0 MiB/s\. Give what migrations may use",
        ),
        ([{"sites": ["a"], "bandwidth_mibs": -2.5}], r"the link of a has -2\.5 MiB/s"),
        ([{"sites": ["a"], "bandwidth_mibs": "nan"}], r"the link of a has nan MiB/s"),
        ([{"sites": [], "bandwidth_mibs": 1}], r"a link has 0 sites\. Give two"),
        ([{"sites": ["a", "b", "c"], "bandwidth_mibs": 1}], r"a link has 3 sites"),
        (
            [{"sites": ["a", "b"], "bandwidth_mibs": 1, "hours": ["9-5"]}],
            r"the link of a and b: '9-5' are no hours\. Write",
        ),
        ([{"sites": ["a", "b"], "bandwidth_mibs": 1, "timezone": "Mars/Base"}], r"time zone 'Mars/Base' is not known"),
    ],
)
def test_a_link_that_means_nothing_is_refused(links, message):
    with pytest.raises(FleetError, match=message):
        links_of(validated(links=links))


def test_links_of_the_request_take_the_place_of_older_ones_of_the_same_sites():
    hosts = tuple(Host(site, HostState.SCHEDULABLE, site=site) for site in ("a", "b"))
    old = Snapshot("", hosts, (Link(("a", "b"), 1.0), Link(("a", "a"), 2.0)))
    links = links_of(
        validated(links=[{"sites": "b, a", "bandwidth_mibs": 3}, {"sites": ["a", "c"], "bandwidth_mibs": 4}])
    )
    new = with_links(old, links)
    assert new.links == (Link(("a", "a"), 2.0), Link(("b", "a"), 3.0), Link(("a", "c"), 4.0))
    assert check_links(new.links) == new.links
    assert lost_links(new) == ("a link names the site c, on which no host is",)
    assert lost_links(old) == ()
