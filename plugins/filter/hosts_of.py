"""The filter hosts_of: the hosts of a group by name, site and rack. Small, pure, and decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Union

from ansible.errors import AnsibleFilterError

Names = Union[str, Sequence[str]]


def hosts_of(
    group: Sequence[str], hostvars: Mapping[str, Any], hosts: Names = (), sites: Names = (), racks: Names = ()
) -> list[str]:
    """Return the named hosts and all hosts of the named sites and racks, sorted; each a list or names with commas."""
    found = set(_known("host", _names(hosts), {name: name for name in group}))
    for what, wanted in (("site", sites), ("rack", racks)):
        places = {name: str(hostvars[name].get(f"virtfleet_{what}") or "") for name in group}
        found |= set(_known(what, _names(wanted), places))
    return sorted(found)


def _names(given: Names) -> list[str]:
    parts = given.split(",") if isinstance(given, str) else given
    return [str(part).strip() for part in parts if str(part).strip()]


def _known(what: str, wanted: Sequence[str], places: Mapping[str, str]) -> list[str]:
    """Return the hosts that are in one of the places; raises AnsibleFilterError on one that no host is in."""
    for name in wanted:
        if name not in places.values():
            known = ", ".join(sorted(set(places.values()) - {""})) or "none"
            raise AnsibleFilterError(f"no host of the group has the {what} {name!r}; known are: {known}")
    return [host for host, place in places.items() if place in wanted]


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {"hosts_of": hosts_of}
