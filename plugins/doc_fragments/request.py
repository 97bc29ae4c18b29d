"""Documentation of the options that say what a plan is for and what it may do. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a request says beside its goal."""

    DOCUMENTATION = r"""
options:
  goal_hosts:
    description:
      - The hosts that the goal is about, by name. The goals V(evacuate), V(restore) and V(move) need hosts here or, but
        for V(move), O(goal_sites). Left out, V(consolidate), V(balance), V(rolling) and V(repair) look at the whole
        fleet.
    type: list
    elements: str
  goal_sites:
    description: All hosts of these sites, beside those of O(goal_hosts).
    type: list
    elements: str
    default: []
  guests:
    description: Names or UUIDs of the guests to move, for the goals V(move) and V(relocate).
    type: list
    elements: str
    default: []
  guest_labels:
    description: Guests that have all these labels, beside those of O(guests).
    type: dict
    default: {}
  dests:
    description:
      - Only these hosts may take guests, for the goals V(evacuate) and V(relocate).
      - O(dests), O(dest_sites) and O(dest_labels) together are one set. Where all three are empty, every host may.
    type: list
    elements: str
    default: []
  dest_sites:
    description: Hosts of these sites may take guests, beside those of O(dests).
    type: list
    elements: str
    default: []
  dest_labels:
    description: Hosts that have all these labels may take guests, beside those of O(dests).
    type: dict
    default: {}
  dest_of:
    description:
      - For the goal V(relocate), where each guest goes. Keys are names or UUIDs of guests, or labels as C(key=value);
        values are names of sites or hosts. A guest's name counts before its UUID, that before its labels.
      - The guests that it names go, without being named elsewhere. O(dests), O(dest_sites) and O(dest_labels), where
        given, limit it.
    type: dict
    default: {}
  near:
    description:
      - For the goal V(relocate), the users that guests are to be near, by the name that C(latency_ms) of a host has for
        them; it needs O(max_latency_ms). A guest goes to the nearest host that can take it.
    type: str
  max_latency_ms:
    description:
      - What O(near) takes for near enough, in milliseconds. A guest that is as near already does not move; hosts that
        are farther away, or have no latency to these users, take none.
    type: float
  all_or_none:
    description:
      - For the goals V(evacuate), V(restore), V(move) and V(relocate). Nobody moves unless all can that should; the
        plan says who can't and why. What is learnt only while guests move no longer holds the others back.
    type: bool
    default: false
  method:
    description:
      - V(auto) moves running guests live, paused ones paused, shut-off ones as a definition.
      - V(paused) suspends running guests while they move.
    type: str
    choices: [auto, paused]
    default: auto
  rules:
    description:
      - Rules about which guests live where, beside those that guests bring along in their own metadata.
      - A hard rule is never broken by a plan; a rule that is broken already is not made worse.
      - A rule selects guests by O(rules[].guests), by O(rules[].labels), or by both at once, and hosts by
        O(rules[].hosts), O(rules[].host_labels), O(rules[].sites) and O(rules[].racks), of which each given one must
        match.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the rule in plans, refusals and reports. Each rule has its own.
        type: str
        required: true
      kind:
        description:
          - V(affinity) keeps its guests in one place, as O(rules[].scope) understands it.
          - V(anti_affinity) allows at most O(rules[].most) of its guests in each place.
          - V(pin) lets its guests go to its hosts only, V(ban) never to them.
          - V(max_guests) allows at most O(rules[].most) of its active guests on each of its hosts.
          - V(methods) lets its guests move by O(rules[].methods) only.
        type: str
        choices: [affinity, anti_affinity, pin, ban, max_guests, methods]
        required: true
      guests:
        description: Names, UUIDs or shell patterns of guests.
        type: list
        elements: str
        default: []
      labels:
        description: Labels that a guest must have, all of them.
        type: dict
        default: {}
      group_by:
        description: Makes a rule of its own for each value of this label among the selected guests.
        type: str
      hosts:
        description: Names or shell patterns of hosts.
        type: list
        elements: str
        default: []
      host_labels:
        description: Labels that a host must have, all of them.
        type: dict
        default: {}
      sites:
        description: Sites of which the host must be on one.
        type: list
        elements: str
        default: []
      racks:
        description: Racks of which the host must be in one.
        type: list
        elements: str
        default: []
      scope:
        description:
          - What counts as one place for V(affinity) and V(anti_affinity). A host without a rack, or without a site, is
            a place of its own.
        type: str
        choices: [host, rack, site]
        default: host
      hard:
        description:
          - A soft rule (V(false)) is kept too, unless more guests would have to stay because of it; the plan then lists
            it among C(breaches).
        type: bool
        default: true
      when:
        description:
          - V(throughout) holds at every step, a guest that is moving counting at both ends.
          - V(at_end) holds once all moves are over. V(affinity) always holds at the end only.
        type: str
        choices: [throughout, at_end]
        default: throughout
      most:
        description: Number of guests for V(max_guests), which needs it, and for V(anti_affinity), where it is 1 if left
          out.
        type: int
      methods:
        description: Any of V(live), V(paused), V(offline) and V(restart) (shut down, moved, started again), for the
          kind V(methods).
        type: list
        elements: str
        default: []
  headroom_percent:
    description: Share of each host's allocatable memory and vCPUs that stays free where a guest comes to, in percent.
    type: float
    default: 0.0
  max_cpu_percent:
    description:
      - Share of a host's CPUs that its guests may use as measured or forecast, whichever is more, in percent; a guest
        that was not measured counts as 0. Left out, measured usage limits nothing.
      - For V(consolidate) it is the lower mark, up to which hosts are filled. Left out there, and for V(balance), it is
        nine tenths of O(high_cpu_percent).
    type: float
  survive_loss:
    description:
      - V(report) lists in the plan the hosts whose loss the others could not take.
      - V(keep) makes no plan after which the fleet could not lose any one host, unless it could not before; then no
        further host may become such a one.
    type: str
    choices: [ignore, report, keep]
    default: ignore
  displace:
    description: Other guests may step aside where the goal's own guests can't all move otherwise.
    type: bool
    default: true
  bring_back:
    description: Guests that stepped aside go back at the end, as far as there is room.
    type: bool
    default: false
  wake:
    description: Hosts on standby may be switched on; the plan lists them in C(power_on).
    type: bool
    default: false
  max_moves:
    description: At most this number of moves, for the goals V(consolidate), V(balance) and V(repair).
    type: int
  max_bytes:
    description: At most this much to send, in bytes or as in V(200G), for V(consolidate), V(balance) and V(repair).
    type: bytes
"""
