"""Runs of ansible-playbook that a scenario interferes with: watched, killed, interrupted. Ends only what it began."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from conductor import environment

MARKER = "VIRTFLEET_SCENARIO_RUN"


class Running:
    """A run under way. Every process that comes from it carries a mark in its environment, detached ones too."""

    def __init__(self, argv: Sequence[str], output: Path, journal_dir: Path, terminal: bool = False) -> None:
        self.began = time.time()
        self._mark = f"{MARKER}={uuid.uuid4()}"
        self._output = output
        self._known = set(journal_dir.glob("*.jsonl"))
        self._journal_dir = journal_dir
        self._keyboard: int | None = None
        name, value = self._mark.split("=")
        own = environment(**{name: value})
        if terminal:
            self._process = self._on_terminal(argv, own)
        else:
            with output.open("wb") as out:
                self._process = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=own, start_new_session=True
                )

    def _on_terminal(self, argv: Sequence[str], own: dict[str, str]) -> subprocess.Popen[bytes]:
        self._keyboard, screen = pty.openpty()
        # setsid makes the terminal the controlling one, so that a key pressed there is a signal
        process = subprocess.Popen(["setsid", "--ctty", *argv], stdin=screen, stdout=screen, stderr=screen, env=own)
        os.close(screen)
        threading.Thread(target=self._copy_screen, daemon=True).start()
        return process

    def _copy_screen(self) -> None:
        with self._output.open("wb", buffering=0) as out, contextlib.suppress(OSError):  # EIO: nobody is there any more
            while chunk := os.read(self._keyboard or 0, 65536):
                out.write(chunk)

    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")

    def events(self) -> list[dict[str, Any]]:
        """Return the journal of this run so far, whole lines only."""
        lines = [
            line
            for path in sorted(set(self._journal_dir.glob("*.jsonl")) - self._known)[:1]
            for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
        ]
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def moving(self) -> set[str]:
        """Return the guests whose memory or disk is on its way right now."""
        events = self.events()
        sending = {event["name"] for event in events if event["event"] == "progress" and event["processed"] > 0}
        return sending - {event["name"] for event in events if event["event"] == "move_ended"}

    def until(self, reached: Callable[[], bool], what: str, patience: float = 180) -> None:
        """Wait for a moment of the run; that it ends before is a failure."""
        end = time.monotonic() + patience
        while not reached():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"never came to this: {what}\n{self.output()}")
            time.sleep(0.1)

    def interrupt(self) -> None:
        """Press Ctrl-C: on the terminal, or as the signal that a terminal would send to the whole group."""
        if self._keyboard is not None:
            os.write(self._keyboard, b"\x03")
        else:
            os.killpg(self._process.pid, signal.SIGINT)

    def wait(self, seconds: float) -> int:
        return self._process.wait(seconds)

    def wait_for_the_last(self, seconds: float = 60) -> None:
        """Wait until no process of this run is left; Ansible's watcher of a background job looks up every 5 s."""
        end = time.monotonic() + seconds
        while left := self.processes():
            if time.monotonic() > end:
                raise AssertionError(f"processes {left} live on")
            time.sleep(0.2)

    def kill_ansible(self) -> None:
        """Kill ansible-playbook and what it forked; a module in the background lives on."""
        group = [pid for pid in self.processes() if _parents(pid) & {self._process.pid}]
        for pid in [self._process.pid, *group]:
            _kill(pid)
        self._process.wait(60)

    @contextlib.contextmanager
    def held_still(self) -> Iterator[None]:
        """Stop the processes of this run for a while, so that it can't end before it should."""
        held = self.processes()
        for pid in held:
            _send(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in held:
                _send(pid, signal.SIGCONT)

    def kill_everything(self) -> None:
        """Kill every process of this run at once, as a conductor that loses its power would."""
        end = time.monotonic() + 60
        while (left := self.processes()) and time.monotonic() < end:
            for pid in left:
                _kill(pid)
            self._process.poll()
        if left:
            raise AssertionError(f"processes {left} can't be killed")

    def processes(self) -> list[int]:
        return sorted(
            int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and self._has_mark(path)
        )

    def _has_mark(self, path: Path) -> bool:
        try:
            return self._mark.encode() in (path / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            return False


@contextlib.contextmanager
def running(argv: Sequence[str], output: Path, journal_dir: Path, terminal: bool = False) -> Iterator[Running]:
    """Start a run, and leave no process of it behind whatever happens."""
    run = Running(argv, output, journal_dir, terminal)
    try:
        yield run
    finally:
        run.kill_everything()


def _parents(pid: int) -> set[int]:
    """Return all ancestors of a process, none for one that has ended meanwhile."""
    found: set[int] = set()
    while pid > 1:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return set()
        pid = int(stat.rpartition(")")[2].split()[1])
        found.add(pid)
    return found


def _kill(pid: int) -> None:
    _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
        os.kill(pid, number)
