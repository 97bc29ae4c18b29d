"""Options of a transfer: what agrees, and one sentence for each rule that is broken."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    MoveSettings,
    TimeoutAction,
    check_settings,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import (
    Compression,
    TransferOptions,
    contradictions,
)

XBZRLE, ZLIB, ZSTD = Compression.XBZRLE, Compression.ZLIB, Compression.ZSTD


def broken(tls: bool = False, auto_converge: bool = False, post_copy: bool = False, **options: Any) -> tuple[str, ...]:
    return contradictions(TransferOptions(**options), tls, auto_converge, post_copy)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tls": True, "auto_converge": True, "post_copy": True},
        {"parallel_connections": 4, "tls": True},
        {"parallel_connections": 4, "compression": ZSTD, "compression_level": 20},
        {"parallel_connections": 1, "compression": ZLIB, "compression_level": 0},
        {"parallel_connections": 255, "zerocopy": True},
        {"compression": XBZRLE, "xbzrle_cache_mib": 64},
        {"auto_converge": True, "auto_converge_initial": 1, "auto_converge_increment": 99},
        {"post_copy": True, "post_copy_bandwidth_mibs": 5, "switchover_bandwidth_mibs": 100},
        {"tls": True, "tls_destination": "hv2.example", "migration_port": 49300, "disks_port": 49301},
        {"disks_uri": "unix:///run/disks"},
        {"tls": True, "disks_uri": "tcp://[fe80::2]:49301"},
        {"graphics_uri": "spice://proxy.example:5930/?tlsPort=5931", "new_name": "o'brien's guest"},
        {"abort_on_error": True, "storage_synchronous_writes": True, "detect_zeroes": True, "allow_unsafe": True},
    ],
)
def test_options_that_agree(options: dict[str, Any]) -> None:
    assert broken(**options) == ()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"parallel_connections": 0}, "parallel_connections is 0, not 1 to 255"),
        ({"parallel_connections": 256}, "parallel_connections is 256, not 1 to 255"),
        ({"zerocopy": True}, "zerocopy needs parallel_connections"),
        (
            {"zerocopy": True, "parallel_connections": 2, "tls": True},
            "zerocopy sends memory as it is, and tls encrypts it",
        ),
        (
            {"zerocopy": True, "parallel_connections": 2, "compression": ZSTD},
            "zerocopy sends memory as it is, and compression zstd changes it",
        ),
        (
            {"compression": XBZRLE, "parallel_connections": 2},
            "compression xbzrle does not go with parallel_connections",
        ),
        ({"compression": ZLIB}, "compression zlib needs parallel_connections"),
        ({"compression": ZSTD}, "compression zstd needs parallel_connections"),
        (
            {"compression": ZLIB, "parallel_connections": 2, "compression_level": 10},
            "compression_level is 10, not 0 to 9 as zlib has them",
        ),
        (
            {"compression": ZSTD, "parallel_connections": 2, "compression_level": -1},
            "compression_level is -1, not 0 to 20 as zstd has them",
        ),
        ({"compression_level": 1}, "compression_level needs compression zlib or zstd"),
        ({"compression": XBZRLE, "compression_level": 1}, "compression_level needs compression zlib or zstd"),
        ({"xbzrle_cache_mib": 64}, "xbzrle_cache_mib needs compression xbzrle"),
        ({"compression": XBZRLE, "xbzrle_cache_mib": 48}, "xbzrle_cache_mib is 48, not a power of two"),
        ({"auto_converge_initial": 20}, "auto_converge_initial tunes auto_converge, which is off"),
        ({"auto_converge_increment": 20}, "auto_converge_increment tunes auto_converge, which is off"),
        (
            {"auto_converge_initial": 100, "auto_converge": True},
            "auto_converge_initial is 100, not 1 to 99",
        ),
        (
            {"post_copy_bandwidth_mibs": 5},
            "post_copy_bandwidth_mibs limits post-copy, which nothing here allows",
        ),
        ({"switchover_bandwidth_mibs": 0}, "switchover_bandwidth_mibs is 0, not 1 to 1073741824"),
        ({"tls_destination": "hv2"}, "tls_destination names a certificate, and tls is off"),
        ({"tls_destination": " ", "tls": True}, "tls_destination is empty"),
        ({"migration_port": 70000}, "migration_port is 70000, not 1 to 65535"),
        ({"disks_port": 1, "disks_uri": "tcp://hv2:1"}, "disks_port and disks_uri both say where disks go"),
        (
            {"disks_uri": "unix:///run/disks", "tls": True},
            "disks_uri is a UNIX socket, over which QEMU does not encrypt disks, and tls is on",
        ),
        *(
            ({"disks_uri": uri}, f"disks_uri is {uri!r}, neither tcp://ADDRESS:PORT nor unix:///PATH")
            for uri in ("tcp://hv2", "tcp://hv2:port", "unix://run/disks", "hv2:5000", "http://hv2:80", "tcp://[hv2:1")
        ),
        *(
            ({"graphics_uri": uri}, f"graphics_uri is {uri!r}, not spice://NAME:PORT or vnc://NAME:PORT")
            for uri in ("hv2", "http://hv2", "spice://", "spice://hv2:port")
        ),
        *(
            ({"new_name": name}, f"new_name is {name!r}, which libvirt takes for no guest's name")
            for name in ("", "a/b", ".", "two\nlines")
        ),
    ],
)
def test_a_rule_that_is_broken_is_one_sentence(options: dict[str, Any], sentence: str) -> None:
    assert broken(**options) == (sentence,)


def test_every_rule_that_is_broken_is_told_at_once_before_anything_is_contacted() -> None:
    options = TransferOptions(zerocopy=True, compression_level=3)
    with pytest.raises(FleetError) as error:
        check_settings(MoveSettings(transfer=options))
    assert str(error.value) == (
        "zerocopy needs parallel_connections; zerocopy sends memory as it is, and tls encrypts it; "
        "compression_level needs compression zlib or zstd. Change these options; nothing was contacted"
    )


POST_COPY_LIMIT = TransferOptions(post_copy_bandwidth_mibs=5)
SLOWER = TransferOptions(auto_converge_initial=5)


@pytest.mark.parametrize(
    "settings",
    [
        MoveSettings(timeout=60, timeout_action=TimeoutAction.POST_COPY, transfer=POST_COPY_LIMIT),
        MoveSettings(policy="post_copy", transfer=POST_COPY_LIMIT),
        MoveSettings(auto_converge=True, transfer=SLOWER),
        MoveSettings(policy="wan", transfer=SLOWER),
    ],
)
def test_what_tunes_goes_with_what_it_tunes_whoever_asked_for_that(settings: MoveSettings) -> None:
    assert check_settings(settings) == settings


@pytest.mark.parametrize(
    "settings",
    [MoveSettings(policy="wan", transfer=POST_COPY_LIMIT), MoveSettings(policy="post_copy", transfer=SLOWER)],
)
def test_a_policy_without_the_feature_has_nothing_to_tune(settings: MoveSettings) -> None:
    with pytest.raises(FleetError, match=r"limits post-copy|tunes auto_converge"):
        check_settings(settings)
