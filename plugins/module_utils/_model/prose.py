"""Refusals and cautions in words: the only place where a code becomes a sentence. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

from .refusal import Caution, CautionCode, Refusal, RefusalCode
from .rules import FaultCode, RuleFault

_C = RefusalCode
_W = CautionCode
_MIB = 1024 * 1024
# hosts that are each named with the reason for which a guest does not go there
_FEW = 3
# guests that are named of those a fault of a rule speaks of
_MANY = 8

# Cause and remedy. {guest} and {host} are always there; other fields are the refusal's facts.
_TEXTS: Mapping[Union[RefusalCode, CautionCode], tuple[str, str]] = {
    _C.HOST_UNREACHABLE: (
        "{host} does not answer: {error}",
        "bring it back or leave it out of the inventory",
    ),
    _C.HOST_IN_MAINTENANCE: (
        "{host} is in maintenance ({reason})",
        "take its mark off with host_maintenance",
    ),
    _C.HOST_UUID_TWICE: (
        "{host} and {other} report the same host UUID {uuid}",
        "give each its own host_uuid in libvirtd.conf (or virtqemud.conf)",
    ),
    _C.HOST_ON_STANDBY: ("{host} is on standby", "allow the plan to wake hosts (wake: true)"),
    _C.HUGEPAGES: (
        "{host} has {free_mib} MiB of free huge pages of {size_kib} KiB, the guest needs {need_mib} MiB",
        "reserve more huge pages there",
    ),
    _C.MEMORY_BESIDE_PAGES: (
        "{host} has {free_mib} MiB of memory left beside its huge pages, the guest needs {need_mib} MiB and uses none",
        "free memory there, reserve fewer huge pages, or let the guest use them",
    ),
    _C.NUMA: (
        "NUMA node {cell} of {host} has {free_mib} MiB left, the guest is bound to it and needs {need_mib} MiB",
        "free memory on that node, or loosen the guest's numatune",
    ),
    _C.CPU_USAGE: (
        "the guest uses {need} CPUs as measured, {host} has {free} left of those allowed",
        "raise max_cpu_percent, or wait for a calmer hour",
    ),
    _C.RULE: ("rule {rule} forbids {host} ({why})", "change the rule, or make room where it allows the guest"),
    _C.RULE_UNREADABLE: (
        "its metadata has a rule of a kind that this version can't read ({kinds}), which nobody could keep",
        "upgrade the collection, or write the guest's rules anew with guest_rules",
    ),
    _C.RULES_LEAVE_NO_HOST: (
        "by {rules} there is no host left that it may be on",
        "change one of them, or the labels or hosts that they name",
    ),
    _C.RULES_CONTRADICT: ("{rules} contradict each other", "change one of them, or make it soft (hard: false)"),
    _C.METHOD: (
        "rule {rule} moves the guest only by {allowed}, and {state} it would move {method}",
        "change the rule, or the guest's state",
    ),
    _C.NO_WAY: ("{host} would do alone, but not together with the other moves ({why})", "{remedy}"),
    _C.GROUP_STAYS: ("{host} would do, but {why}", "{remedy}"),
    _C.GROUP_SPLIT: ("{host} would do, but {why}", "{remedy}"),
    _C.LOSS: ("{host} would do, but {why}", "{remedy}"),
    _C.ALL_OR_NONE: ("{host} would do, but {why}", "{remedy}"),
    _C.NO_CANDIDATE: (
        "there is no other host that it could go to",
        "add hosts, or allow more of them in dests",
    ),
    _C.RUNS_TWICE: (
        "it is active on {hosts} at the same time",
        "find out which copy is right and destroy the other; nothing is moved before",
    ),
    _C.DEFINED_TWICE: (
        "it is defined on {hosts}, and no interrupted move of ours explains that",
        "undefine the copy that is not needed, or have guest_migration with mend: true do so where it is proven",
    ),
    _C.LEFT_PAUSED: (
        "a migration has left it paused, and no host that answers drives that on",
        "see what fleet_info says of it; guest_migration with mend: true lets it go on where that is proven right",
    ),
    _C.BUSY: (
        "libvirt runs another job on it (a backup, a save or a block copy)",
        "wait for its end, or abort it",
    ),
    _C.DEVICE: ("it uses {devices} of its host", "detach it, or shut the guest down first"),
    _C.SNAPSHOTS: (
        "it has {count} libvirt snapshots, with which libvirt does not migrate",
        "delete them first",
    ),
    _C.STATE: ("its state is {state}", "destroy, start or resume it first"),
    _C.MEMORY: (
        "{host} has {free_mib} MiB of allocatable memory left, the guest needs {need_mib} MiB",
        "free memory there, or raise its allocatable memory",
    ),
    _C.VCPUS: (
        "{host} has {free} allocatable vCPUs left, the guest needs {need}",
        "free vCPUs there, or raise its allocatable vCPUs or overcommit",
    ),
    _C.PAUSED_SINCE_ARRIVAL: (
        "it came to {source} paused and has not run since; QEMU {qemu} there crashes such a guest when it moves again",
        "let it run for a moment before the move, or upgrade QEMU to 10.0 or newer",
    ),
    _C.VIRT_TYPE: (
        "{host} can't run guests of type {virt_type}",
        "enable it there (for kvm: firmware and modules)",
    ),
    _C.MACHINE_TYPE: (
        "{host} (QEMU {qemu}) does not know machine type {machine}",
        "upgrade QEMU there, or give the guest a machine type both hosts know",
    ),
    _C.CPU_MODEL: (
        "{host} can't give the CPU {cpu} ({why})",
        "choose a CPU model that all hosts have, at the guest's next start",
    ),
    _C.CPU_FEATURES: (
        "libvirt on {host} finds the guest's CPU ({cpu}) incompatible: {why}",
        "choose a CPU model that all hosts have, at the guest's next start",
    ),
    _C.TPM: ("{host} has no swtpm, and the guest has an emulated TPM", "install swtpm there"),
    _C.POOL_MISSING: (
        "disk {disk} is in pool {pool} ({what}), which {host} does not have active",
        "define and start that pool on {host}, or say which one stands for it there (virtfleet_pool_map)",
    ),
    _C.DISK_IN_NO_POOL: (
        "disk {disk} is {source}, in no active pool of its host, so it is not known how {host} would reach it",
        "make a pool for its folder on both hosts",
    ),
    _C.DISK_NOT_COPYABLE: ("disk {disk} would have to be copied along and can't be: {why}", "{remedy}"),
    _C.DISK_EXISTS: (
        "pool {pool} of {host} already has a volume {volume}, and no interrupted move of this guest made it",
        "list the pool in virtfleet_shared_pools if it is the same storage on both hosts; "
        "else rename or remove that volume if nothing needs it",
    ),
    _C.DISK_SPACE: (
        "pool {pool} of {host} has {free_mib} MiB free, the disks to copy need {need_mib} MiB",
        "free space there",
    ),
    _C.DISK_TRANSIENT: (
        "disk {disk} is transient, which libvirt does not migrate",
        "shut the guest down first",
    ),
    _C.DISK_DEVICE: (
        "disk {disk} is the device {source} of its host and in no pool, so {host} can't reach it",
        "detach it, or give the guest a volume of a pool that both hosts have (iscsi, rbd, netfs, logical)",
    ),
    _C.MEDIA_MISSING: (
        "disk {disk} only reads {volume} of the local pool {pool}, and {host} has no such image with the same sizes",
        "copy it there under that name, have it copied or ejected (missing_media), or put it on shared storage",
    ),
    _C.IMAGES_DIFFER: (
        "{volume} in pool {pool} of {host} has the name and sizes of the image that the guest needs, "
        "but holds something else",
        "copy the right image there, or let disks be copied whole (virtfleet_reuse_images: false for {host})",
    ),
    _C.FIRMWARE_STATE: (
        "its {what} is in a file of its host that libvirt does not move with a guest that is shut off",
        "move it live, or put that file on shared storage",
    ),
    _C.NETWORK_MISSING: (
        "{host} has no active {kind} {network}",
        "define and start it there, or say what it is called there (virtfleet_bridge_map, virtfleet_network_map)",
    ),
    _C.NAME_TAKEN: ("{host} already has another guest of that name (UUID {uuid})", "rename one of them"),
    _C.OPTION_UNSUPPORTED: (
        "{option} needs {needs}, and {host} has {has}",
        "upgrade it there, or leave {option} out",
    ),
    _C.LINK_NEEDS_TLS: (
        "nothing goes unencrypted over the link of {link}, and tls is off",
        "move with tls, or allow it (tls_required of the link)",
    ),
    _C.NO_PEER_URI: (
        "no peer_uri is known for {host}, so the source's daemon can't reach it",
        "set virtfleet_peer_uri or virtfleet_peer_transport for it, or use transport direct",
    ),
    _C.PEER_REFUSES: ("the daemon of {source} can't open {uri}: {error}", "{remedy}"),
    _C.NAME_UNKNOWN: (
        "{source} finds no address for {name}, to which the memory would go ({error})",
        "give {host} a virtfleet_migration_address, or its name an entry on {source}",
    ),
    _C.NAME_LOOPBACK: (
        "on {source} the name {name} stands for {address}, which is {source} itself",
        "give {host} a virtfleet_migration_address, or set migration_host in its qemu.conf",
    ),
    _C.PORTS_BLOCKED: (
        "{source} does not get through to {address}, {error}",
        "open the ports for migrations between the two hosts in every firewall on the way",
    ),
    _C.PORTS_TAKEN: (
        "none of the ports {ports} for migrations is free on {host}",
        "wait for other moves, or widen migration_port_min and migration_port_max in its qemu.conf",
    ),
    _C.CERTIFICATE_MISSING: (
        "there is no complete certificate on {where}: {what}",
        "run the role hypervisor on it, or put the files there; or move without TLS",
    ),
    _C.CERTIFICATE_EXPIRED: (
        "the certificate {path} of {where} has expired {days} days ago",
        "renew it, for which the role hypervisor will do",
    ),
    _C.CERTIFICATE_INVALID: ("the certificate {path} of {where} is no good: {why}", "make it anew, with its key"),
    _C.CERTIFICATE_NAME: (
        "the certificate {path} of {where} is for {names}, and not for {name}",
        "make it anew with that name, or set virtfleet_peer_name to one that is in it",
    ),
    _C.CERTIFICATE_UNTRUSTED: (
        "{judge} does not trust the certificate {path} of {where}: none of those in {authority} has signed it",
        "give all hosts certificates of one authority, or add the other one to that file",
    ),
    _C.POST_COPY_DENIED: (
        "the kernel of {host} keeps QEMU from userfaultfd, without which there is no post-copy",
        "set vm.unprivileged_userfaultfd=1 there, or move without post-copy",
    ),
    _C.TLS_FORCED: ("{hosts} takes no migration without TLS (migrate_tls_force)", "move with tls: true"),
    _C.NOT_SEEN_AS_SHARED: (
        "disk {disk} ({path}) is on {kind} of {source}, which libvirt does not take for shared storage",
        "take its pool out of virtfleet_shared_pools so that it is copied, or list its folder in shared_filesystems "
        "of qemu.conf if it really is shared",
    ),
    _C.SELINUX_NFS: (
        "disk {disk} is on NFS, which SELinux on {host} keeps guests from",
        "run setsebool -P virt_use_nfs 1 there",
    ),
    _W.FEW_PORTS: (
        "only {free} of the ports {ports} for migrations are free on {host}",
        "let at most {most} guests come at once (max_inbound_per_host), or widen the range in its qemu.conf",
    ),
    _W.CERTIFICATE_ENDS: ("the certificate {path} of {where} expires in {days} days", "renew it before"),
    _W.CLOCKS_DIFFER: (
        "the clocks of {source} and {host} are {seconds} s apart (measured to {doubt} s)",
        "let both follow the same time servers: the guest's clock may jump, and certificates may seem invalid",
    ),
    _W.NOT_CHECKED: (
        "{host} itself was not looked at, so its certificates, ports, names and clock are unknown",
        "run host_check_info on it, as the playbook preflight does",
    ),
    _W.OLDER_RELEASE: (
        "{host} has {what} {there}, older than {here} where the guest is",
        "nobody tests that direction between all releases; try it with a guest that may fail, or upgrade {host} first",
    ),
    _W.RELEASE_PAIR: ("{why}", "{remedy}"),
    _W.LONG_TLS_MOVE: (
        "{gib} GiB go by TLS, and libvirt before 11.6 lets a fault of GnuTLS break long encrypted moves",
        "upgrade libvirt on both hosts, or move without TLS on a link that nobody listens to",
    ),
    _W.SMALLER_MTU: (
        "{device} of {host} has an MTU of {there}, it has {here} where the guest is",
        "set the same MTU on both, or frames that the guest sends are lost without a word",
    ),
    _W.HOST_DEVICE: (
        "it uses {devices} of its host, which does not come along",
        "see that {host} has such a device before the guest needs it",
    ),
    _W.MEDIA_EJECTED: (
        "what is in its drive {disk} is not on {host} and is ejected when it goes there",
        "see that the guest does not need it, or copy the image there under its name",
    ),
}


_FAULTS: Mapping[FaultCode, str] = {
    FaultCode.NO_GUEST: "rule {rules} speaks of no guest that is there",
    FaultCode.NO_HOST: "rule {rules} speaks of no host that is there",
    FaultCode.UNKNOWN_HOST: "rule {rules} names {hosts}, which no host of the fleet is or has",
    FaultCode.NO_HOST_LEFT: "by {rules} there is no host left for {guests}",
    FaultCode.NO_METHOD_LEFT: "by {rules} there is no method left for {guests}",
    FaultCode.CONTRADICTION: "rules {rules} contradict each other for {guests}",
    FaultCode.TOO_FEW_PLACES: "by {rules} there are too few places for {guests}",
    FaultCode.UNREADABLE: "a rule of the kind {rules} can't be read, so {guests} can't be moved",
}


def fault(given: RuleFault) -> str:
    """Return what is wrong with rules, one clause without a full stop."""
    guests = ", ".join(given.guests[:_MANY]) + (" ..." if len(given.guests) > _MANY else "")
    joint = ", " if given.code is FaultCode.UNREADABLE else " and "
    return _FAULTS[given.code].format(rules=joint.join(given.rules), guests=guests, hosts=", ".join(given.hosts))


def cause(refusal: Union[Refusal, Caution]) -> str:
    """Return what is wrong, one clause without a full stop."""
    return _fill(refusal, 0)


def remedy(refusal: Union[Refusal, Caution]) -> str:
    """Return what the user can do about it, one clause without a full stop."""
    return _fill(refusal, 1)


def describe(refusal: Union[Refusal, Caution]) -> dict[str, str]:
    """Return the refusal, or the caution, as modules give it back: code, host (empty: any), message and remedy."""
    return {
        "code": refusal.code.value,
        "host": refusal.host or "",
        "message": cause(refusal),
        "remedy": remedy(refusal),
    }


def sentence(refusal: Refusal) -> str:
    """Return cause and remedy as one line."""
    return f"{cause(refusal)}; {remedy(refusal)}"


@dataclass(frozen=True)
class Figures:
    """Of a move that was given up: seconds, bytes per second written and sent, bytes left, passes over the memory.

    After the first pass ``remaining`` is what the last one began with, which is what would not fit the downtime.
    """

    seconds: float
    dirty_rate: int
    rate: int
    remaining: int
    passes: int


def not_converged(policy: str, found: Figures) -> tuple[str, str]:
    """Return cause and remedy of a move that was given up as its policy says."""
    cause = f"the move was aborted after {found.seconds:.0f} s as policy {policy} says, the guest runs on at its source"
    if not found.rate:
        return f"{cause}: nothing of it was sent", "Check the link between the hosts, or give it more time"
    sent = f"{found.rate / _MIB:.1f} MiB/s are sent"
    left = f"{found.remaining / _MIB:.0f} MiB are left"
    if found.passes < 2 or not found.dirty_rate:
        remedy = "Give it more time (timeout, or after_per_gib of its policy), or more bandwidth"
        return f"{cause}: {sent}, {left}", remedy
    downtime = math.ceil(1000 * found.remaining / found.rate)
    return (
        f"{cause}: it writes {found.dirty_rate / _MIB:.1f} MiB/s, {sent}, {left} after each pass over its memory",
        f"Move it at a calmer hour, or allow a max_downtime_ms of {downtime}, or give it more bandwidth, "
        "or choose policy post_copy or suspend_if_needed",
    )


def summary(described: Sequence[Mapping[str, str]]) -> list[str]:
    """Return refusals that ``describe`` gave as lines; where more than a few hosts share a code, one stands for all."""
    by_code: dict[str, list[Mapping[str, str]]] = {}
    for refusal in described:
        by_code.setdefault(refusal["code"], []).append(refusal)
    return [line for refusals in by_code.values() for line in _lines(refusals)]


def _lines(refusals: Sequence[Mapping[str, str]]) -> list[str]:
    lines = [f"{refusal['message']}; {refusal['remedy']}" for refusal in refusals]
    others = {refusal["host"] for refusal in refusals} - {refusals[0]["host"]}
    if len(others) < _FEW:
        return lines
    return [f"{lines[0]} (likewise {len(others)} other hosts: {refusals[0]['code']})"]


def _fill(refusal: Union[Refusal, Caution], part: int) -> str:
    fields = {"guest": refusal.guest, "host": refusal.host or "any host", **refusal.facts}
    return _TEXTS[refusal.code][part].format_map(fields)
