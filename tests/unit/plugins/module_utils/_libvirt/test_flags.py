"""Flags and parameters of each kind of move. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import flags as f
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.flags import flags_of, parameters_of
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import VolumeRef
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import DiskCopy, Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    MoveSettings,
    TimeoutAction,
    Transport,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import TransferOptions

LIVE_MOVE = Move("m1", "u", "g", "hv1", "hv2", Method.LIVE)
PLAIN = MoveSettings(tls=False)
COPY = DiskCopy("vda", VolumeRef("p", "v"), VolumeRef("p", "v"), "qcow2", 1)


def dest(peer_uri=None, migration_address=None):
    return HostEntry("hv2", "qemu:///system", peer_uri, migration_address)


def test_a_live_move_is_peer_to_peer_encrypted_and_moves_the_definition():
    assert flags_of(LIVE_MOVE, MoveSettings(), True, False) == (
        f.LIVE | f.PEER2PEER | f.PERSIST_DEST | f.UNDEFINE_SOURCE | f.TLS
    )


def test_a_transient_guest_has_no_definition_to_move():
    assert not flags_of(LIVE_MOVE, MoveSettings(), False, False) & (f.PERSIST_DEST | f.UNDEFINE_SOURCE)


def test_the_direct_transport_protects_the_definition_instead_of_going_peer_to_peer():
    found = flags_of(LIVE_MOVE, MoveSettings(transport=Transport.DIRECT), True, False)
    assert found & f.CHANGE_PROTECTION
    assert not found & f.PEER2PEER


def test_a_shut_off_guest_moves_as_a_definition_with_nothing_that_libvirt_forbids_then():
    move = replace(LIVE_MOVE, method=Method.OFFLINE)
    settings = MoveSettings(bandwidth_mibs=5, auto_converge=True, timeout=1, timeout_action=TimeoutAction.POST_COPY)
    assert flags_of(move, settings, True, False) == f.OFFLINE | f.PEER2PEER | f.PERSIST_DEST | f.UNDEFINE_SOURCE
    assert parameters_of(move, settings, dest("qemu+tls://hv2/system", "10.0.0.2")) == {}


def test_a_guest_that_was_paused_stays_paused_and_one_that_ran_does_not():
    move = replace(LIVE_MOVE, method=Method.PAUSED)
    assert flags_of(move, MoveSettings(), True, True) & f.PAUSED
    assert not flags_of(move, MoveSettings(), True, False) & (f.PAUSED | f.LIVE)


def test_disks_are_copied_only_where_the_plan_says_so():
    move = replace(LIVE_MOVE, copies=(COPY,))
    assert flags_of(move, MoveSettings(), True, False) & f.NON_SHARED_DISK
    assert parameters_of(move, MoveSettings(), dest()) == {"migrate_disks": ["vda"]}
    assert not flags_of(LIVE_MOVE, MoveSettings(), True, False) & f.NON_SHARED_DISK


def test_post_copy_is_permitted_at_the_start_where_the_course_of_the_move_may_come_to_it():
    settings = MoveSettings(permit_post_copy=True)
    assert flags_of(LIVE_MOVE, settings, True, False) & f.POSTCOPY
    assert not flags_of(LIVE_MOVE, MoveSettings(timeout=60), True, False) & f.POSTCOPY
    assert not flags_of(replace(LIVE_MOVE, method=Method.PAUSED), settings, True, False) & f.POSTCOPY


def test_the_certificate_is_checked_for_the_peers_name_where_data_goes_to_an_address():
    found = parameters_of(LIVE_MOVE, MoveSettings(bandwidth_mibs=7), dest("qemu+tls://hv2.example/system", "10.0.0.2"))
    assert found == {"migrate_uri": "tcp://10.0.0.2", "tls.destination": "hv2.example", "bandwidth": 7}
    assert "tls.destination" not in parameters_of(LIVE_MOVE, PLAIN, dest("qemu+tls://hv2/system", "a"))
    assert parameters_of(LIVE_MOVE, PLAIN, dest(None, "fe80::2")) == {"migrate_uri": "tcp://[fe80::2]"}


def test_another_name_in_the_certificate_is_the_users_to_say():
    settings = MoveSettings(transfer=TransferOptions(tls_destination="cluster.example"))
    expected = {"tls.destination": "cluster.example"}
    assert parameters_of(LIVE_MOVE, settings, dest("qemu+tls://hv2/system")) == expected
    assert parameters_of(LIVE_MOVE, settings, dest()) == expected


def test_a_port_goes_with_the_migration_address_or_the_peers_name():
    settings = replace(PLAIN, transfer=TransferOptions(migration_port=49300))
    peer = "qemu+tls://hv2/system"
    assert parameters_of(LIVE_MOVE, settings, dest(peer)) == {"migrate_uri": "tcp://hv2:49300"}
    assert parameters_of(LIVE_MOVE, settings, dest(peer, "fe80::2")) == {"migrate_uri": "tcp://[fe80::2]:49300"}
    assert "tls.destination" not in parameters_of(LIVE_MOVE, replace(settings, tls=True), dest(peer))


def test_the_destination_waits_where_the_inventory_says():
    entry = replace(dest(None, "10.0.0.2"), listen_address="10.0.0.2")
    assert parameters_of(LIVE_MOVE, PLAIN, entry) == {"migrate_uri": "tcp://10.0.0.2", "listen_address": "10.0.0.2"}
    assert parameters_of(replace(LIVE_MOVE, method=Method.OFFLINE), PLAIN, entry) == {}
