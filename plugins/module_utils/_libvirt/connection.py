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

_events_lock = threading.Lock()
_events_running = False


class Fleet:
    """One control connection per host, and lanes: further ones, each for one call that blocks as long as a move lasts.

    A blocking call has its connection to itself. Measured with libvirt 9.0: a second call on it waits until the
    client's keepalive wakes it, up to five seconds.
    """

    def __init__(self, entries: Sequence[HostEntry], timeout: float) -> None:
        if libvirt is None:
            raise FleetError(
                f"the libvirt binding for Python is missing ({IMPORT_ERROR})",
                "Install python3-libvirt for the system's Python, or libvirt-python into this one",
            )
        self.entries = {entry.name: entry for entry in entries}
        self.timeout = timeout
        self._control: dict[str, Any] = {}
        self._lanes: list[Any] = []
        self._idle: dict[str, list[Any]] = {name: [] for name in self.entries}
        self._lock = threading.Lock()

    def __enter__(self) -> Fleet:
        _run_events()
        return self

    def __exit__(self, *_exception: object) -> None:
        for connection in (*self._control.values(), *self._lanes):
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
        """Lend a connection for one blocking call; it is kept for the next one."""
        with self._lock:
            idle = [connection for connection in self._idle[host] if connection.isAlive()]
            connection = idle.pop() if idle else None
            self._idle[host] = idle
        if connection is None:
            connection = self.open(host)
            with self._lock:
                self._lanes.append(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._idle[host].append(connection)


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
