#!/usr/bin/python
"""The module ipmi_power_info: is a machine on, as its BMC says by IPMI, and what it draws. Must switch nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipmi_power_info
short_description: Ask a BMC by IPMI whether its machine is on
version_added: 0.1.0
description:
  - Asks over the network by IPMI 2.0, and tells as well what the machine draws, where the BMC measures it (DCMI).
  - C(community.general.ipmi_power) switches machines, but can't be asked for their state alone.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.attributes.info
options:
  address:
    description: Name or address of the BMC.
    type: str
    required: true
  port:
    description: UDP port of the BMC.
    type: int
    default: 623
  user:
    description: Who asks.
    type: str
    required: true
  password:
    description: Password of O(user). It is in no command line.
    type: str
    required: true
  key:
    description: Key of the BMC (Kg) in hexadecimal digits, if it has one.
    type: str
requirements:
  - the Python library pyghmi where the module runs
"""

EXAMPLES = r"""
- name: Ask the BMC of hv4
  virtfleet.migration.ipmi_power_info:
    address: 192.0.2.14
    user: admin
    password: "{{ bmc_password }}"
  delegate_to: localhost
  register: bmc
"""

RETURN = r"""
power:
  description: V(on) or V(off).
  returned: success
  type: str
  sample: 'on'
watts:
  description: What the machine draws right now, V(null) where the BMC does not measure it.
  returned: success
  type: int
  sample: 184
"""

import binascii
import traceback
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._ansible.shell import run_module
from ..module_utils._model.errors import FleetError

try:
    from pyghmi.ipmi import command
except ImportError:
    MISSING = traceback.format_exc()
    command = None
else:
    MISSING = ""

# DCMI 1.5, 6.6.1 Get Power Reading: group extension, mode "system power statistics"
_DCMI = 0x2C
_GET_POWER_READING = 0x02
_READING_REQUEST = (0xDC, 0x01, 0x00, 0x00)


def body(module: AnsibleModule) -> dict[str, Any]:
    """Ask the BMC."""
    given = module.params
    try:
        key = binascii.unhexlify(given["key"]) if given["key"] else None
    except ValueError as error:
        raise FleetError("key is not in hexadecimal digits", "Give pairs of digits from 0 to f") from error
    try:
        bmc = command.Command(
            bmc=given["address"], userid=given["user"], password=given["password"], port=given["port"], kg=key
        )
        power = bmc.get_power()["powerstate"]
        return {"power": power, "watts": watts_of(bmc.raw_command(_DCMI, _GET_POWER_READING, data=_READING_REQUEST))}
    except Exception as error:  # the library has errors of many kinds, some of them without a word
        told = str(error) if str(error) not in ("", "None") else "no answer"
        raise FleetError(
            f"the BMC at {given['address']} does not tell: {told}", "Check its address, user and password"
        ) from error


def watts_of(answer: dict[str, Any]) -> Optional[int]:
    """Return the watts of a DCMI power reading, None where the BMC has none or does not measure now."""
    data = bytes(answer.get("data") or ())
    measuring = len(data) >= 18 and data[17] & 0x40
    return int.from_bytes(data[1:3], "little") if measuring and not answer.get("error") else None


def main() -> None:
    """Run the module."""
    spec = {
        "address": {"type": "str", "required": True},
        "port": {"type": "int", "default": 623},
        "user": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "key": {"type": "str", "no_log": True},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    if command is None:
        module.fail_json(msg=missing_required_lib("pyghmi"), exception=MISSING)
    run_module(module, body)


if __name__ == "__main__":
    main()
