"""The Redfish BMC of one lab host: sushy-tools' emulator, whose power button is the host's chassis.

Runs in build/venv, which has sushy-tools, and imports nothing of the lab. Its settings are a JSON file, see
virtfleet_lab/redfish.py. A wish is written to a file and the state read from one, as the IPMI BMCs do.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import bcrypt
from sushy_tools import error
from sushy_tools.emulator.main import Application, app
from sushy_tools.emulator.resources.systems.base import AbstractSystemsDriver

WISHES = {"On": "1", "ForceOn": "1", "ForceOff": "0", "GracefulShutdown": "soft", "ForceRestart": "reset"}
SETTLED = {"On": "1", "ForceOn": "1", "ForceOff": "0"}
PATIENCE = 2.0
# what the chassis of every such host draws, as far as its BMC knows: sushy-tools has no power figures
WATTS = 142
CHASSIS = "/redfish/v1/Chassis/<identity>"


class Machine(AbstractSystemsDriver):
    """The one system of this BMC."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self._uuid, self._name = settings["uuid"], settings["name"]
        self._wish, self._state = Path(settings["wish"]), Path(settings["state"])

    @property
    def driver(self) -> str:
        return "<lab chassis>"

    @property
    def systems(self) -> list[str]:
        return [self._uuid]

    def uuid(self, identity: str) -> str:
        self._know(identity)
        return self._uuid

    def name(self, identity: str) -> str:
        self._know(identity)
        return self._name

    def get_power_state(self, identity: str) -> str:
        self._know(identity)
        return "On" if self._state.read_text(encoding="ascii").strip() == "1" else "Off"

    def set_power_state(self, identity: str, state: str) -> None:
        self._know(identity)
        if state not in WISHES:
            raise error.NotSupportedError(f"{state} is not supported")
        new = self._wish.with_suffix(".new")
        new.write_text(WISHES[state], encoding="ascii")
        new.replace(self._wish)
        end = time.monotonic() + PATIENCE
        while state in SETTLED and self._state.read_text(encoding="ascii").strip() != SETTLED[state]:
            if time.monotonic() > end:
                return
            time.sleep(0.05)

    def get_boot_device(self, identity: str) -> str:
        self._know(identity)
        return "Hdd"

    def set_boot_device(self, identity: str, boot_source: str) -> None:
        raise error.NotSupportedError(f"{identity} does not boot from {boot_source}")

    def _know(self, identity: str) -> None:
        if identity not in (self._uuid, self._name):
            raise error.NotFound(f"there is no system {identity}")


def measure(address: str) -> None:
    """Let the one chassis tell what it draws, in place of sushy-tools' own, which has no such figure."""

    def chassis(identity: str) -> dict[str, Any]:
        return {"Id": identity, "Name": address, "Power": {"@odata.id": f"/redfish/v1/Chassis/{identity}/Power"}}

    def power(identity: str) -> dict[str, Any]:  # noqa: ARG001
        return {"Id": "Power", "PowerControl": [{"Name": "System Power Control", "PowerConsumedWatts": WATTS}]}

    app.view_functions["chassis_resource"] = chassis
    app.add_url_rule(f"{CHASSIS}/Power", "chassis_power", power)


def main(file: str) -> None:
    settings = json.loads(Path(file).read_text(encoding="utf-8"))
    digest = bcrypt.hashpw(settings["password"].encode(), bcrypt.gensalt(4)).decode()
    accounts = Path(settings["accounts"])
    accounts.touch(mode=0o600)
    accounts.write_text(f"{settings['user']}:{digest}\n", encoding="utf-8")
    machine = Machine(settings)
    Application.systems = property(lambda _self: machine)
    measure(settings["address"])
    app.configure(extra_config={"SUSHY_EMULATOR_AUTH_FILE": str(accounts)})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    app.run(host=settings["address"], port=settings["port"], ssl_context=context)


if __name__ == "__main__":
    os.environ.pop("SUSHY_EMULATOR_CONFIG", None)
    main(sys.argv[1])
