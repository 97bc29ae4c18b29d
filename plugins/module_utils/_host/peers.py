"""Other hosts as this one's daemon and QEMU would reach them: URI, name, ports. Must change nothing there or here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Callable, Optional

from .._model.fleet import HostEntry
from .._model.host_check import PeerCheck

# a command, and its status, standard output and standard error
Run = Callable[[Sequence[str]], tuple[int, str, str]]

AT_ONCE = 8
_TIMED_OUT = 124
# a line of virsh, or of libvirt's log in it: 2026-01-31 12:00:00.000+0000: 386: warning : function:1086 : text
_LINE = re.compile(
    r"(?:error: |[\d-]+ [\d:.+]+: \d+: (?P<level>info|warning|error) : (?:\w+:\d+ : )?)?(?P<text>.*\S)", re.DOTALL
)
# linux/in.h, linux/in6.h, linux/errqueue.h; Python has no names for them
_IP_RECVERR, _IPV6_RECVERR, _ORIGINS_ICMP = 11, 25, (2, 3)


def look_at_peers(
    entries: Sequence[HostEntry], ports: Sequence[int], seconds: int, run: Run, advise: Callable[[str], Optional[str]]
) -> tuple[PeerCheck, ...]:
    """Return what this host finds of each other one, several at a time; each step of it takes at most ``seconds``."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(lambda entry: _peer(entry, ports, seconds, run, advise), entries))


def _peer(
    entry: HostEntry, ports: Sequence[int], seconds: int, run: Run, advise: Callable[[str], Optional[str]]
) -> PeerCheck:
    found, calls_itself = PeerCheck(entry.name, entry.peer_uri), None
    if entry.peer_uri is not None:
        calls_itself, error = _open(entry.peer_uri, seconds, run)
        found = replace(found, error=error, advice=advise(error) if error else None)
    # without an address of its own the destination tells the source its host name
    address = entry.migration_address or calls_itself
    if address is None:
        return found
    try:
        addresses = resolve(address)
    except OSError as error:
        return replace(found, address=address, unresolved=error.strerror or str(error))
    blocked = next(filter(None, (_blocked(addresses[0], port, seconds) for port in ports)), None)
    return replace(found, address=address, addresses=addresses, blocked=blocked)


def resolve(name: str) -> tuple[str, ...]:
    """Return the addresses of a name; raises OSError where it has none."""
    found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _open(uri: str, seconds: int, run: Run) -> tuple[Optional[str], Optional[str]]:
    """Open the URI as the daemon would; return what the other calls itself, or why it can't be opened."""
    status, out, err = run(["timeout", "--kill-after=1", str(seconds), "virsh", "--quiet", "-c", uri, "hostname"])
    if status == 0:
        return out.strip(), None
    if status == _TIMED_OUT:
        return None, f"no answer within {seconds} s"
    return None, _told(err) or f"virsh ended with status {status}"


def _told(err: str) -> str:
    """Return what virsh complains about, without the stamps of its log and the lines that say nothing."""
    lines = [match["text"] for match in map(_LINE.match, err.splitlines()) if match and match["level"] != "info"]
    told = [line for line in lines if line and line != "failed to connect to the hypervisor"]
    return "; ".join(told or lines)


def _blocked(address: str, port: int, seconds: float) -> Optional[str]:
    """Return what keeps QEMU from that port. That nobody listens there is no obstacle: QEMU will."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(seconds)
        _ask_for_reasons(probe, family)
        try:
            probe.connect((address, port))
        except socket.timeout:
            return f"port {port}: no answer within {seconds} s"
        except OSError as error:
            if error.errno == errno.ECONNREFUSED and not _by_a_firewall(probe):
                return None
            why = "rejected on the way" if error.errno == errno.ECONNREFUSED else os.strerror(error.errno or 0)
            return f"port {port}: {why}"
    return None


def _ask_for_reasons(probe: socket.socket, family: int) -> None:
    if family == socket.AF_INET6:
        probe.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
    else:
        probe.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def _by_a_firewall(probe: socket.socket) -> bool:
    """Return whether an ICMP message refused the connection; a host where nobody listens answers by TCP."""
    probe.setblocking(False)
    try:
        ancillary: list[Any] = probe.recvmsg(1, 1024, socket.MSG_ERRQUEUE)[1]
    except OSError:  # nothing is queued
        return False
    # struct sock_extended_err: a number of four bytes, then where the error comes from
    return any(len(data) > 4 and data[4] in _ORIGINS_ICMP for _level, _kind, data in ancillary)
