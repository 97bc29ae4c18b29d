"""The guarded import of libvirt's Python binding; every other file of this room takes it from here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Optional

try:
    import libvirt as _libvirt
except ImportError as error:
    libvirt: Any = None
    IMPORT_ERROR: Optional[str] = str(error)
else:
    libvirt = _libvirt
    IMPORT_ERROR = None
    # errors come back as exceptions; the binding would print each to the module's stderr as well
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
