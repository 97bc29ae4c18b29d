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
      - V(1) mends rules and relieves overloaded hosts only.
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
  links:
    description: Links between sites, beside those of the inventory; one for the same sites takes the place of it.
    type: list
    elements: dict
    default: []
    suboptions:
      sites:
        description: The two sites, or one for what its own hosts have between them.
        type: list
        elements: str
        required: true
      bandwidth_mibs:
        description: Bandwidth in MiB/s, shared by all moves over the link.
        type: float
        required: true
      latency_ms:
        description: Round trip in milliseconds, for people; nothing is decided by it.
        type: float
      cost_per_gib:
        description: What a GiB over the link costs, in any currency; plan and report add it up.
        type: float
      tls_required:
        description: A move over the link that would not be encrypted is refused before anything moves.
        type: bool
        default: false
      hours:
        description:
          - When moves may start over the link, such as V(22:00-06:00), V(mon-fri 18:00-24:00) or
            V(sat,sun 00:00-24:00). What is under way when the hours end goes on. Left out, always.
        type: list
        elements: str
        default: []
      bandwidth_by_hour:
        description: What migrations may use at other hours. The first entry that has the hour counts.
        type: list
        elements: dict
        default: []
        suboptions:
          hours:
            description: The hours, written as those of the link.
            type: str
            required: true
          bandwidth_mibs:
            description: MiB/s in these hours.
            type: float
            required: true
      timezone:
        description: Time zone of all hours of the link, by its IANA name, such as V(Europe/Berlin).
        type: str
        default: UTC
      policy:
        description:
          - Convergence policy of moves over the link. It goes before that of the source host and that of the run;
            the guest's own goes before it.
        type: str
      compression:
        description: How moves over the link are compressed, where the run does not say.
        type: str
        choices: [xbzrle, zlib, zstd]
      parallel_connections:
        description: Connections of each move over the link, where the run does not say.
        type: int
      post_copy:
        description:
          - V(refuse) lets no guest go on in post-copy over the link; what would switch to it is aborted instead.
        type: str
        choices: [allow, refuse]
        default: allow
"""
