"""Running commands, saying what is done and how long it took, waiting. It knows nothing of the lab."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


class LabError(Exception):
    """Something a user can act on: the message holds cause and remedy."""


def run(argv: Sequence[str | Path], *, stdin: str | None = None, timeout: float | None = None) -> str:
    """Runs a command to its end and returns its output; a failure becomes a LabError with what it said."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{words[0]} is not installed: run `lab.py packages`.") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(words)}` did not end within {timeout:.0f} s.") from error
    if done.returncode != 0:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise LabError(f"`{' '.join(words)}` failed ({done.returncode}): {said}")
    return done.stdout


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Prints one line with the seconds that the block took, or that it failed."""
    begin = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"  {time.monotonic() - begin:6.1f} s  FAILED  {what}", flush=True)
        raise
    print(f"  {time.monotonic() - begin:6.1f} s  {what}", flush=True)


def in_parallel(function: Callable[..., Any], items: Sequence[Any], workers: int | None = None) -> list[Any]:
    """Applies the function to all items at once; the first exception is raised after all have ended."""
    if not items:
        return []
    with ThreadPoolExecutor(workers or len(items)) as pool:
        futures = [pool.submit(function, item) for item in items]
    return [future.result() for future in futures]


def wait_until(condition: Callable[[], bool], seconds: float, what: str, pause: float = 0.1) -> None:
    """Waits for the condition; `what` says in the error message what did not happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{what} (waited {seconds:.0f} s).")
        time.sleep(pause)


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a whole file at once: a reader sees the old or the new content, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(mode)
    fresh.replace(path)
