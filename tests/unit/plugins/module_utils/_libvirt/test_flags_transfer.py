"""Options of a transfer become flags and typed parameters. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import flags, flags_transfer, last_look
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.flags_transfer import (
    transfer_flags,
    transfer_parameters,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model import migrate_table as table
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import VolumeRef
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import DiskCopy, Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import Compression, TransferOptions

LIVE_MOVE = Move("m1", "u", "g", "hv1", "hv2", Method.LIVE)
COPY = DiskCopy("vda", VolumeRef("p", "v"), VolumeRef("p", "v"), "qcow2", 1)
COPIES = replace(LIVE_MOVE, copies=(COPY,))
EVERYTHING = TransferOptions(
    parallel_connections=4,
    zerocopy=True,
    compression=Compression.ZSTD,
    compression_level=3,
    xbzrle_cache_mib=64,
    auto_converge_initial=30,
    auto_converge_increment=15,
    post_copy_bandwidth_mibs=7,
    switchover_bandwidth_mibs=9,
    abort_on_error=True,
    storage_synchronous_writes=True,
    detect_zeroes=True,
    allow_unsafe=True,
    new_name="shop",
    disks_port=49300,
    disks_uri="tcp://hv2:49300",
    graphics_uri="spice://proxy:5900",
)
OF_MEMORY = {
    "destination_name": "shop",
    "graphics_uri": "spice://proxy:5900",
    "parallel.connections": 4,
    "compression": ["zstd"],
    "compression.xbzrle.cache": 64 * 1024 * 1024,
    "bandwidth.avail.switchover": 9,
    "compression.zstd.level": 3,
}
OF_LIVE = {"auto_converge.initial": 30, "auto_converge.increment": 15, "bandwidth.postcopy": 7}
OF_DISKS = {"disks_port": 49300, "disks_uri": "tcp://hv2:49300", "migrate_disks_detect_zeroes": ["vda"]}


def parameters(move, options=EVERYTHING):
    return transfer_parameters(move, MoveSettings(auto_converge=True, permit_post_copy=True, transfer=options))


def test_nothing_is_told_that_nobody_asked_for():
    assert transfer_flags(COPIES, TransferOptions()) == 0
    assert parameters(COPIES, TransferOptions()) == {}


def test_each_option_sets_its_own():
    assert parameters(COPIES) == {**OF_MEMORY, **OF_LIVE, **OF_DISKS}
    f = flags_transfer
    of_memory = f.UNSAFE | f.COMPRESSED | f.ABORT_ON_ERROR | f.PARALLEL | f.ZEROCOPY
    assert transfer_flags(COPIES, EVERYTHING) == of_memory | f.NON_SHARED_SYNCHRONOUS_WRITES
    assert transfer_flags(LIVE_MOVE, EVERYTHING) == of_memory


def test_what_tunes_is_told_only_with_what_it_tunes():
    assert parameters(LIVE_MOVE) == {**OF_MEMORY, **OF_LIVE}
    assert parameters(replace(LIVE_MOVE, method=Method.PAUSED)) == OF_MEMORY
    assert transfer_parameters(LIVE_MOVE, MoveSettings(transfer=EVERYTHING)) == OF_MEMORY


def test_a_shut_off_guest_can_only_be_renamed():
    offline = replace(LIVE_MOVE, method=Method.OFFLINE)
    assert parameters(offline) == {"destination_name": "shop"}
    assert flags.flags_of(offline, MoveSettings(transfer=EVERYTHING), True, False) == (
        flags.OFFLINE | flags.PEER2PEER | flags.PERSIST_DEST | flags.UNDEFINE_SOURCE
    )


def test_the_level_belongs_to_the_method():
    zlib = TransferOptions(parallel_connections=1, compression=Compression.ZLIB, compression_level=0)
    assert parameters(LIVE_MOVE, zlib) == {
        "parallel.connections": 1,
        "compression": ["zlib"],
        "compression.zlib.level": 0,
    }


@pytest.mark.parametrize("module", [flags, flags_transfer])
def test_the_bits_are_those_of_the_table(module):
    bits = {row.name: 1 << place for place, row in enumerate(table.FLAGS)}
    ours = {name: value for name, value in vars(module).items() if name.isupper() and name in bits}
    assert ours
    assert {name: bits[name] for name in ours} == ours


def test_everything_that_is_set_is_offered_in_the_table_and_the_other_way_round():
    move = replace(COPIES, method=Method.LIVE)
    told = set(parameters(move)) | set(parameters(move, replace(EVERYTHING, compression=Compression.ZLIB)))
    told |= {"migrate_uri", "listen_address", "tls.destination", "bandwidth", "migrate_disks"}  # of flags.py
    told |= {"destination_xml", "persistent_xml"}  # of definitions.py
    assert told == {row.name for row in table.PARAMETERS if row.option}


def refused(monkeypatch, level, **constants):
    monkeypatch.setattr(last_look, "libvirt", SimpleNamespace(getVersion=lambda: 9_000_000, **constants))
    return last_look.binding_too_old(LIVE_MOVE, {level: 3})


def test_an_old_binding_on_the_conductor_can_not_send_a_level(monkeypatch):
    (refusal,) = refused(monkeypatch, "compression.zstd.level")
    assert (refusal.host, refusal.facts["has"]) == ("the conductor", "libvirt-python 9.0.0")
    assert refused(monkeypatch, "compression.zstd.level", VIR_MIGRATE_PARAM_COMPRESSION_ZLIB_LEVEL="x") == []
    assert refused(monkeypatch, "compression") == []
