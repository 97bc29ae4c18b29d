"""Why a guest can't move, or can't go to a given host, and what to beware of: typed values. Words are in prose.py."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional


class RefusalCode(enum.Enum):
    """Codes are stable: playbooks may test them."""

    # of the host, whatever the guest
    HOST_UNREACHABLE = "host_unreachable"
    HOST_IN_MAINTENANCE = "host_in_maintenance"
    HOST_UUID_TWICE = "host_uuid_twice"
    HOST_ON_STANDBY = "host_on_standby"
    # of the guest, wherever it would go (blockers)
    NO_CANDIDATE = "no_candidate"
    RUNS_TWICE = "runs_twice"
    DEFINED_TWICE = "defined_twice"
    BUSY = "busy"
    LEFT_PAUSED = "left_paused"
    DEVICE = "device"
    SNAPSHOTS = "snapshots"
    STATE = "state"
    RULE_UNREADABLE = "rule_unreadable"
    RULES_LEAVE_NO_HOST = "rules_leave_no_host"
    RULES_CONTRADICT = "rules_contradict"
    # of the pair
    MEMORY = "memory"
    VCPUS = "vcpus"
    PAUSED_SINCE_ARRIVAL = "paused_since_arrival"
    VIRT_TYPE = "virt_type"
    MACHINE_TYPE = "machine_type"
    CPU_MODEL = "cpu_model"
    CPU_FEATURES = "cpu_features"
    TPM = "tpm"
    POOL_MISSING = "pool_missing"
    DISK_IN_NO_POOL = "disk_in_no_pool"
    DISK_NOT_COPYABLE = "disk_not_copyable"
    DISK_EXISTS = "disk_exists"
    DISK_SPACE = "disk_space"
    DISK_TRANSIENT = "disk_transient"
    DISK_DEVICE = "disk_device"
    MEDIA_MISSING = "media_missing"
    IMAGES_DIFFER = "images_differ"
    FIRMWARE_STATE = "firmware_state"
    NETWORK_MISSING = "network_missing"
    NAME_TAKEN = "name_taken"
    NO_PEER_URI = "no_peer_uri"
    HUGEPAGES = "hugepages"
    MEMORY_BESIDE_PAGES = "memory_beside_pages"
    NUMA = "numa"
    CPU_USAGE = "cpu_usage"
    RULE = "rule"
    METHOD = "method"
    OPTION_UNSUPPORTED = "option_unsupported"
    LINK_NEEDS_TLS = "link_needs_tls"
    # of the pair, found by a look on both hosts
    PEER_REFUSES = "peer_refuses"
    NAME_UNKNOWN = "name_unknown"
    NAME_LOOPBACK = "name_loopback"
    PORTS_BLOCKED = "ports_blocked"
    PORTS_TAKEN = "ports_taken"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_INVALID = "certificate_invalid"
    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    POST_COPY_DENIED = "post_copy_denied"
    TLS_FORCED = "tls_forced"
    NOT_SEEN_AS_SHARED = "not_seen_as_shared"
    SELINUX_NFS = "selinux_nfs"
    # of the plan: each candidate alone would do, together the guests find no way
    NO_WAY = "no_way"
    # of the plan: guests of its group can't go, or would be on another site for too long
    GROUP_STAYS = "group_stays"
    GROUP_SPLIT = "group_split"
    # of the plan: with it the fleet could not lose a host any more
    LOSS = "loss"
    ALL_OR_NONE = "all_or_none"


@dataclass(frozen=True)
class Refusal:
    """One reason. ``host`` is the candidate it speaks of, None where it holds for every host."""

    code: RefusalCode
    guest: str
    host: Optional[str] = None
    facts: Mapping[str, str] = field(default_factory=dict)


class CautionCode(enum.Enum):
    """What may go wrong and does not forbid the move; codes are stable like those of refusals."""

    OLDER_RELEASE = "older_release"
    RELEASE_PAIR = "release_pair"
    LONG_TLS_MOVE = "long_tls_move"
    SMALLER_MTU = "smaller_mtu"
    HOST_DEVICE = "host_device"
    MEDIA_EJECTED = "media_ejected"
    # found by a look on both hosts
    FEW_PORTS = "few_ports"
    CERTIFICATE_ENDS = "certificate_ends"
    CLOCKS_DIFFER = "clocks_differ"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Caution:
    """One thing to beware of when ``guest`` goes to ``host``; modules call it a warning."""

    code: CautionCode
    guest: str
    host: str
    facts: Mapping[str, str] = field(default_factory=dict)
