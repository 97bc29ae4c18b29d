"""libvirt's errors become those of the engine's ports. Must not know which call failed."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
from typing import Any, Callable, TypeVar

from .._engine.ports import DriverError
from .advice import failure_of
from .binding import libvirt
from .connection import error_text

F = TypeVar("F", bound=Callable[..., Any])


def translated(call: F) -> F:
    """Turn libvirt's errors into the port's."""

    @functools.wraps(call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return call(*args, **kwargs)
        except libvirt.libvirtError as error:
            raise DriverError(failure_of(error_text(error))) from error

    return wrapper  # type: ignore[return-value]
