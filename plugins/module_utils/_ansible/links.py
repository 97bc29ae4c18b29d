"""Links between sites as options, and their way into a snapshot. The documentation is in doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._model.codec import from_json
from .._model.errors import FleetError
from .._model.link import Link, PostCopyOver, check_link
from .._model.snapshot import Snapshot
from .._model.transfer import Compression

LINK_OPTIONS: dict[str, Any] = {
    "sites": {"type": "list", "elements": "str", "required": True},
    "bandwidth_mibs": {"type": "float", "required": True},
    "latency_ms": {"type": "float"},
    "cost_per_gib": {"type": "float"},
    "tls_required": {"type": "bool", "default": False},
    "hours": {"type": "list", "elements": "str", "default": []},
    "bandwidth_by_hour": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "hours": {"type": "str", "required": True},
            "bandwidth_mibs": {"type": "float", "required": True},
        },
    },
    "timezone": {"type": "str", "default": "UTC"},
    "policy": {"type": "str"},
    "compression": {"type": "str", "choices": [each.value for each in Compression]},
    "parallel_connections": {"type": "int"},
    "post_copy": {"type": "str", "choices": [each.value for each in PostCopyOver], "default": "allow"},
}


def links_of(params: Mapping[str, Any]) -> tuple[Link, ...]:
    """Return the links of the option ``links``; raises FleetError on one that says nothing or can't be."""
    given = ({**each, "sites": [name.strip() for name in each["sites"] if name.strip()]} for each in params["links"])
    return check_links(tuple(from_json(Link, each, f"links[{index}]") for index, each in enumerate(given)))


def check_links(links: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return the links; raises FleetError on one that joins no two sites, carries nothing, or can't be."""
    for link in links:
        if len(link.sites) not in (1, 2):
            raise FleetError(f"a link has {len(link.sites)} sites", "Give two, or one for its own hosts")
        if not link.bandwidth_mibs > 0:
            name = " and ".join(link.sites)
            raise FleetError(
                f"the link of {name} has {link.bandwidth_mibs:g} MiB/s", "Give what migrations may use of it"
            )
        check_link(link)
    return links


def with_links(snapshot: Snapshot, links: Sequence[Link]) -> Snapshot:
    """Return the snapshot with these links too; one for the same sites takes the place of the older."""
    given = {frozenset(link.sites) for link in links}
    kept = tuple(link for link in snapshot.links if frozenset(link.sites) not in given)
    return replace(snapshot, links=(*kept, *links))


def lost_links(snapshot: Snapshot) -> tuple[str, ...]:
    """Return a sentence for each site that a link names and no host is on: most likely a slip of the pen."""
    known = {host.site for host in snapshot.hosts}
    named = sorted({site for link in snapshot.links for site in link.sites} - known)
    return tuple(f"a link names the site {site}, on which no host is" for site in named)
