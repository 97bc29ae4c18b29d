"""Documentation of the options that are of one goal or two. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What single goals ask for beside the request."""

    DOCUMENTATION = r"""
options:
  keep_on:
    description: Hosts that V(consolidate) does not empty.
    type: list
    elements: str
    default: []
  min_on:
    description: Number of hosts that V(consolidate) leaves on at least.
    type: int
    default: 1
  high_cpu_percent:
    description:
      - Share of a host's CPUs, in percent, above which V(consolidate) calls it overloaded, as measured or forecast.
        Guests leave such a host, and hosts on standby are woken where O(wake=true) and the others have no room.
      - More than O(max_cpu_percent); what is between the two keeps the fleet from swinging. Left out, no load is too
        high.
      - For V(balance) it says that the fleet is consolidated too, with the same options. Hosts that V(consolidate)
        would switch off are then left out, and guests are not spread so that it would empty another.
    type: float
  horizon_hours:
    description:
      - V(consolidate) empties a host only where the idle power saved in this time is more than the energy of the moves
        and of switching the host off and on again. V(0) does not ask. Hosts without a power model are not asked
        either.
    type: float
    default: 4.0
  min_on_minutes:
    description:
      - V(consolidate) empties no host that was switched on less than so long ago
        (O(virtfleet.migration.migration_plan#module:hosts[].power_since)).
    type: float
    default: 30.0
  min_off_minutes:
    description:
      - V(consolidate) wakes no host that was switched off less than so long ago
        (O(virtfleet.migration.migration_plan#module:hosts[].power_since)), unless a host is overloaded already, not
        just forecast to be.
    type: float
    default: 15.0
  price_per_kwh:
    description: Price of a kWh, for the money in the plan's C(energy).
    type: float
  currency:
    description: Currency of O(price_per_kwh), as it is to be shown.
    type: str
  co2_g_per_kwh:
    description: Grams of CO2 that a kWh stands for, for the CO2 in the plan's C(energy).
    type: float
  aggressiveness:
    description:
      - How much V(balance) does for how little. It stands for O(threshold), O(min_gain) and the time in which a move
        has to pay; the first two, where they are given, take the place of the table's.
      - V(1) mends rules, relieves overloaded hosts and makes room for guests that are to be started, and no more.
      - V(2) evens out an imbalance above 0.20, by moves that even out 0.05 of a host and pay in half an hour.
      - V(3) evens out an imbalance above 0.10, by moves that even out 0.02 of a host and pay in 1 hour.
      - V(4) evens out an imbalance above 0.05, by moves that even out 0.01 of a host and pay in 2 hours.
      - V(5) evens out any imbalance, by moves that even out 0.005 of a host and pay in 4 hours.
    type: int
    choices: [1, 2, 3, 4, 5]
    default: 3
  threshold:
    description:
      - Imbalance that is good enough for V(balance). At or below it nothing is evened out; from above it as few moves
        are made as bring it there.
    type: float
  min_gain:
    description:
      - What a move of V(balance) must even out at least, as a share of one host's room, to be worth it. Given, it alone
        decides, whatever the move costs.
    type: float
  weights:
    description:
      - How much the spread of each signal counts in the imbalance of V(balance). V(0) leaves a signal out, what is not
        given has its default. Signals that nobody measured count nothing.
    type: dict
    default: {}
    suboptions:
      memory:
        description: Memory that guests were given; 1 if left out.
        type: float
      memory_used:
        description: Memory that guests really use; 0 if left out.
        type: float
      vcpus:
        description: vCPUs that guests were given; if left out, the hosts' overcommit, so that they count per core.
        type: float
      cpu:
        description: CPU time that guests use, as measured or forecast, whichever is more; 1 if left out.
        type: float
      disk:
        description: What guests read from and write to disks; 0 if left out.
        type: float
      network:
        description: What guests receive and send; 0 if left out.
        type: float
  cooldown_minutes:
    description:
      - How long a guest that V(balance) has begun to move stays where it is. Each further move within twice that time
        doubles it, up to 16 times. It is noted in the guest's own metadata and travels with it.
      - A guest whose own rule is broken is mended all the same. V(0) lets every guest move again at once.
    type: float
    default: 60.0
  mend_rules:
    description: V(balance) mends broken rules and overfull hosts, as V(repair) does, before it evens out anything.
    type: bool
    default: true
  as_if_started:
    description:
      - Shut-off guests for which V(balance) wants room where they are, as if they ran. Where there is none they are
        moved beforehand, as definitions.
      - V(autostart) means those that start with their host.
    type: str
    choices: [none, autostart, all]
    default: autostart
  max_at_once:
    description: Hosts that V(rolling) empties at a time; V(0) for as many as fit.
    type: int
    default: 1
  one_per:
    description: At most one host of each rack, or of each site, in a wave of V(rolling).
    type: str
    choices: [rack, site]
  return_home:
    description: Guests that V(rolling) moved go back to where they were.
    type: bool
    default: false
  group_label:
    description:
      - Guests with the same value of this label (M(virtfleet.migration.guest_rules)) belong together. V(relocate) sends
        them to one site, one group after the other, and leaves all of a group where they are if one of them can't go.
        Empty, none belong together.
    type: str
    default: group
  max_split_minutes:
    description:
      - A group that would be on two sites for longer than this, from its first arrival to its last, stays as a whole.
        Left out, there is no limit.
    type: float
  first:
    description:
      - Hosts that V(rolling) empties before all others, such as those that an interrupted upgrade has begun. The name
        or UUID of a guest stands for the host that it is on.
    type: list
    elements: str
    default: []
  last:
    description:
      - Hosts that V(rolling) empties after all others, such as that of the conductor. The name or UUID of a guest
        stands for the host that it is on.
    type: list
    elements: str
    default: []
"""
