"""What every module does around its one call: arguments in, one result or one clear error out."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from .._model.errors import FleetError

# Where distributions put the Python that their python3-libvirt belongs to.
SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/libexec/platform-python", "/usr/bin/python")

# Nearly all that a module makes of a large fleet lives to its end; looking for garbage in it as often as Python does by
# default took a third of the time.
GARBAGE_THRESHOLDS = (200_000, 50, 100)

Body = Callable[[AnsibleModule], dict[str, Any]]


def run_module(module: AnsibleModule, body: Body, missing: bool = False) -> None:
    """Run ``body`` and exit with its result; a FleetError becomes a failure that states cause and remedy.

    ``missing``: this Python lacks the libvirt binding; where the system's Python has it, the module goes on there.
    A result that holds ``failed`` is given back whole: a run that went wrong in part still reports all of it.
    """
    if missing:
        _find_libvirt()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    try:
        result = body(module)
    except FleetError as error:
        module.fail_json(msg=str(error), remedy=error.remedy or "")
    if result.get("failed"):
        module.fail_json(**{"msg": "failed", **result})
    module.exit_json(**result)


def _find_libvirt() -> None:
    """Go on in the system's Python where it has the libvirt binding; from there on this process only waits."""
    if has_respawned():
        return
    interpreter = probe_interpreters_for_module(SYSTEM_PYTHONS, "libvirt")
    if interpreter:
        respawn_module(interpreter)


def read_text(path: str, what: str) -> str:
    """Return the content of a file that the user named; raises FleetError where it can't be read."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"{what} can't be read: {error}", "Check the path on the host that runs the module") from error
