"""Files of local facts on a host: read, and written in one step. Must not know what is in them."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from .._model.errors import FleetError


def read_facts(path: str, parse: Callable[[str, str], dict[str, Any]]) -> dict[str, Any]:
    """Return what ``parse`` makes of the file and its path, empty where there is no file."""
    try:
        with open(path, encoding="utf-8") as stream:
            return parse(stream.read(), path)
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"{path} can't be read: {error}", "Mend or remove that file") from error


def write_facts(module: AnsibleModule, path: str, facts: Mapping[str, Any]) -> None:
    """Write the file in one step, so that no reader and no power cut ever sees half of it."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump(facts, stream, sort_keys=True)
    os.chmod(temporary, 0o644)  # local facts are no secret and every user's Ansible reads them
    module.atomic_move(temporary, path)
