"""How a guest's memory and disks are sent: the options, and the rules between them. Must ask no host anything."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional
from urllib.parse import SplitResult, urlsplit

# 800 Gbit/s; what is told in bits a second would be above it
MOST_MIBS = 100_000
NOT_BITS = "Give MiB/s, not bits: 10 Gbit/s are 1192"


class Compression(enum.Enum):
    """XBZRLE sends what changed in a page that was sent before. ZLIB and ZSTD compress each of several streams."""

    XBZRLE = "xbzrle"
    ZLIB = "zlib"
    ZSTD = "zstd"


@dataclass(frozen=True)
class TransferOptions:
    """Everything left out leaves the matter to libvirt and QEMU. Bandwidths are MiB/s, ports those of TCP.

    What stands after ``allow_unsafe`` is of one guest and one destination, and makes no sense for a whole plan.
    """

    parallel_connections: Optional[int] = None
    zerocopy: bool = False
    compression: Optional[Compression] = None
    compression_level: Optional[int] = None
    xbzrle_cache_mib: Optional[int] = None
    auto_converge_initial: Optional[int] = None
    auto_converge_increment: Optional[int] = None
    post_copy_bandwidth_mibs: Optional[int] = None
    switchover_bandwidth_mibs: Optional[int] = None
    abort_on_error: bool = False
    storage_synchronous_writes: bool = False
    detect_zeroes: bool = False
    allow_unsafe: bool = False
    new_name: Optional[str] = None
    tls_destination: Optional[str] = None
    migration_port: Optional[int] = None
    disks_port: Optional[int] = None
    disks_uri: Optional[str] = None
    graphics_uri: Optional[str] = None


# From, to: what QEMU takes.
_RANGES: dict[str, tuple[int, int]] = {
    "parallel_connections": (1, 255),
    "xbzrle_cache_mib": (1, 1 << 20),
    "auto_converge_initial": (1, 99),
    "auto_converge_increment": (1, 99),
    "post_copy_bandwidth_mibs": (1, 1 << 30),
    "switchover_bandwidth_mibs": (1, 1 << 30),
    "migration_port": (1, 65535),
    "disks_port": (1, 65535),
}
_LEVELS = {Compression.ZLIB: 9, Compression.ZSTD: 20}


def contradictions(options: TransferOptions, tls: bool, auto_converge: bool, post_copy: bool) -> tuple[str, ...]:
    """Return a sentence for each rule of libvirt and QEMU that the options break, none where they agree.

    ``post_copy``: whether the moves may go on in post-copy.
    """
    found = [*_out_of_range(options), *_streams(options, tls), *_compression(options)]
    for name in ("auto_converge_initial", "auto_converge_increment"):
        if getattr(options, name) is not None and not auto_converge:
            found.append(f"{name} tunes auto_converge, which is off")
    if options.post_copy_bandwidth_mibs is not None and not post_copy:
        found.append("post_copy_bandwidth_mibs limits post-copy, which nothing here allows")
    if options.tls_destination is not None and not tls:
        found.append("tls_destination names a certificate, and tls is off")
    return (*found, *_disks(options, tls), *_texts(options))


def _out_of_range(options: TransferOptions) -> Iterator[str]:
    for name, (least, most) in _RANGES.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            yield f"{name} is {value}, not {least} to {most}"
    cache = options.xbzrle_cache_mib
    if cache is not None and cache > 0 and cache & (cache - 1):
        yield f"xbzrle_cache_mib is {cache}, not a power of two"


def _streams(options: TransferOptions, tls: bool) -> Iterator[str]:
    if not options.zerocopy:
        return
    if options.parallel_connections is None:
        yield "zerocopy needs parallel_connections"
    if tls:
        yield "zerocopy sends memory as it is, and tls encrypts it"
    if options.compression is not None:
        yield f"zerocopy sends memory as it is, and compression {options.compression.value} changes it"


def _compression(options: TransferOptions) -> Iterator[str]:
    method, level = options.compression, options.compression_level
    if method is Compression.XBZRLE and options.parallel_connections is not None:
        yield "compression xbzrle does not go with parallel_connections"
    if method is not None and method in _LEVELS and options.parallel_connections is None:
        yield f"compression {method.value} needs parallel_connections"
    if options.xbzrle_cache_mib is not None and method is not Compression.XBZRLE:
        yield "xbzrle_cache_mib needs compression xbzrle"
    if level is None:
        return
    if method is None or method not in _LEVELS:
        yield "compression_level needs compression zlib or zstd"
    elif not 0 <= level <= _LEVELS[method]:
        yield f"compression_level is {level}, not 0 to {_LEVELS[method]} as {method.value} has them"


def _disks(options: TransferOptions, tls: bool) -> Iterator[str]:
    if options.disks_uri is None:
        return
    if options.disks_port is not None:
        yield "disks_port and disks_uri both say where disks go"
    uri = _split(options.disks_uri)
    if uri is None or not _is_disks_uri(uri):
        yield f"disks_uri is {options.disks_uri!r}, neither tcp://ADDRESS:PORT nor unix:///PATH"
    elif uri.scheme == "unix" and tls:
        yield "disks_uri is a UNIX socket, over which QEMU does not encrypt disks, and tls is on"


def _is_disks_uri(uri: SplitResult) -> bool:
    if uri.scheme == "unix":
        return uri.path.startswith("/") and not uri.netloc
    return uri.scheme == "tcp" and bool(uri.hostname) and uri.port is not None


def _texts(options: TransferOptions) -> Iterator[str]:
    uri = None if options.graphics_uri is None else _split(options.graphics_uri)
    if options.graphics_uri is not None and (uri is None or uri.scheme not in ("spice", "vnc") or not uri.hostname):
        yield f"graphics_uri is {options.graphics_uri!r}, not spice://NAME:PORT or vnc://NAME:PORT"
    if options.tls_destination is not None and not options.tls_destination.strip():
        yield "tls_destination is empty"
    name = options.new_name
    if name is not None and (not name.strip() or "/" in name or "\n" in name or name in (".", "..")):
        yield f"new_name is {name!r}, which libvirt takes for no guest's name"


def _split(text: str) -> Optional[SplitResult]:
    """Return the parts, None where it is no URI or its port is no port."""
    try:
        uri = urlsplit(text)
        _port = uri.port
    except ValueError:
        return None
    return uri
