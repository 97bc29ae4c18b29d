"""Connections to the libvirt daemons of a fleet: opened in time, and opened again when they broke."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Callable, Optional

from .._engine.ports import DriverError
from .._model.errors import FleetError
from .._model.fleet import HostEntry
from .advice import failure_of
from .binding import IMPORT_ERROR, libvirt

KEEPALIVE_SECONDS, KEEPALIVE_COUNT = 5, 5
# libvirtd serves five calls of one client at a time; on the control connection two stay free for looking and steering.
CALLS_PER_LANE, CALLS_BESIDE_CONTROL = 4, 3

_events_lock = threading.Lock()
_events_running = False


class Fleet:
    """One control connection per host, and lanes for calls that block as long as a migration lasts."""

    def __init__(self, entries: Sequence[HostEntry], timeout: float) -> None:
        if libvirt is None:
            raise FleetError(
                f"the libvirt binding for Python is missing ({IMPORT_ERROR})",
                "Install python3-libvirt for the system's Python, or libvirt-python into this one",
            )
        self.entries = {entry.name: entry for entry in entries}
        self.timeout = timeout
        self._control: dict[str, Any] = {}
        self._lanes: dict[str, list[_Lane]] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Fleet:
        _run_events()
        return self

    def __exit__(self, *_exception: object) -> None:
        for connection in [*self._control.values(), *(lane.connection for ls in self._lanes.values() for lane in ls)]:
            # closing is a courtesy to the daemon; a broken connection can't be closed and needs not be
            with contextlib.suppress(libvirt.libvirtError):
                connection.close()

    def control(self, host: str) -> Any:
        """Return the open control connection of ``host``; raises DriverError where there is none to be had."""
        connection = self._control.get(host)
        if connection is None or not connection.isAlive():
            connection = self._control[host] = self.open(host)
        return connection

    def open(self, host: str) -> Any:
        """Open a new connection within the timeout; raises DriverError."""
        uri = self.entries[host].uri
        done, connection, error = in_time(lambda: _open(uri), self.timeout)
        if not done:
            raise DriverError(failure_of(f"no answer from {uri} within {self.timeout:g} s"))
        if error is not None:
            raise DriverError(failure_of(error_text(error)))
        return connection

    @contextlib.contextmanager
    def lane(self, host: str) -> Iterator[Any]:
        """Lend a connection for one blocking call."""
        lane = self._free_lane(host)
        if lane is None:
            lane = _Lane(self.open(host), CALLS_PER_LANE, users=1)
            with self._lock:
                self._lanes[host].append(lane)
        try:
            yield lane.connection
        finally:
            with self._lock:
                lane.users -= 1

    def _free_lane(self, host: str) -> Optional[_Lane]:
        """Return a lane with room for one more call, taken; None where all are full."""
        with self._lock:
            lanes = self._lanes.setdefault(host, [_Lane(self.control(host), CALLS_BESIDE_CONTROL)])
            lane = next((lane for lane in lanes if lane.usable()), None)
            if lane is not None:
                lane.users += 1
            return lane


class _Lane:
    def __init__(self, connection: Any, most: int, users: int = 0) -> None:
        self.connection = connection
        self.most = most
        self.users = users

    def usable(self) -> bool:
        return self.users < self.most and bool(self.connection.isAlive())


def in_time(call: Callable[[], Any], seconds: float) -> tuple[bool, Any, Optional[Exception]]:
    """Run ``call`` in a daemon thread; return whether it ended in time, its result, and libvirt's error if it raised.

    A call that hangs is left behind: neither ssh nor a stuck daemon can be made to answer.
    """
    box: list[Any] = [None, None]

    def work() -> None:
        try:
            box[0] = call()
        except (libvirt.libvirtError, DriverError, FleetError) as error:
            box[1] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive(), box[0], box[1]


def error_text(error: Exception) -> str:
    """Return the error's message on one line."""
    text = error.failure.message if isinstance(error, DriverError) else str(error)
    return " ".join(text.split())


def _open(uri: str) -> Any:
    connection = libvirt.open(uri)
    # local daemons have no keepalive and need none
    with contextlib.suppress(libvirt.libvirtError):
        connection.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_COUNT)
    return connection


def _run_events() -> None:
    """Start libvirt's event loop once per process: without it a dead link is never noticed."""
    global _events_running  # noqa: PLW0603 - libvirt allows one event loop per process
    with _events_lock:
        if _events_running:
            return
        libvirt.virEventRegisterDefaultImpl()
        threading.Thread(target=_loop, daemon=True).start()
        _events_running = True


def _loop() -> None:
    while True:
        if libvirt.virEventRunDefaultImpl() < 0:
            time.sleep(1)
