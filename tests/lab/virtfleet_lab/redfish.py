"""Redfish BMCs: their settings, their command, and an operator's press of the button. Emulates nothing itself."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .settings import BMC_PASSWORD, BMC_USER, REDFISH_PORT, Host, Lab
from .shell import LabError, write

_RESETS = {"on": "On", "off": "ForceOff", "soft": "GracefulShutdown", "reset": "ForceRestart", "cycle": "ForceRestart"}


def prepare(lab: Lab, hosts: Sequence[Host]) -> None:
    """Writes the settings of each Redfish BMC; sushy-tools must be there, which `make setup` installs."""
    for host in _with_redfish(hosts):
        if not _python(lab).exists() or not list(lab.checkout.glob("build/venv/lib/python*/site-packages/sushy_tools")):
            raise LabError(f"Host {host.name} has a Redfish BMC, which needs sushy-tools: run `make setup`.")
        settings = {
            "name": host.name,
            "uuid": host.uuid,
            "address": host.bmc_address,
            "port": REDFISH_PORT,
            "user": BMC_USER,
            "password": BMC_PASSWORD,
            "accounts": str(_folder(lab, host) / "accounts"),
            "certificate": str(lab.pki / bmc_name(host) / "clientcert.pem"),
            "key": str(lab.pki / bmc_name(host) / "clientkey.pem"),
            "wish": str(lab.power_dir / f"{host.name}.wish"),
            "state": str(lab.power_dir / f"{host.name}.state"),
        }
        write(_folder(lab, host) / "settings.json", json.dumps(settings, indent=1), mode=0o600)


def services(lab: Lab, hosts: Sequence[Host]) -> dict[str, list[str]]:
    """The daemons that must run as long as the lab does: name and command."""
    program = str(lab.source / "redfish_bmc.py")
    return {
        f"bmc-{host.name}": [str(_python(lab)), program, str(_folder(lab, host) / "settings.json")]
        for host in _with_redfish(hosts)
    }


def bmc_name(host: Host) -> str:
    """What the certificate of the host's BMC is made for."""
    return f"{host.name}-bmc"


def power(lab: Lab, host: Host, action: str) -> str:
    """Asks the host's BMC, as an operator would."""
    path = f"/redfish/v1/Systems/{host.uuid}"
    if action == "status":
        return f"Chassis Power is {json.loads(_ask(lab, host, path))['PowerState'].lower()}"
    _ask(lab, host, f"{path}/Actions/ComputerSystem.Reset", {"ResetType": _RESETS[action]})
    return f"Chassis Power Control: {action}"


def _ask(lab: Lab, host: Host, path: str, body: dict[str, Any] | None = None) -> bytes:
    account = base64.b64encode(f"{BMC_USER}:{BMC_PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"https://{host.bmc_address}:{REDFISH_PORT}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {account}", "Content-Type": "application/json"},
    )
    context = ssl.create_default_context(cafile=str(lab.pki / "cacert.pem"))
    end = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30, context=context) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise LabError(f"The BMC of {host.name} says {error.code}: {error.read().decode()}") from error
        except OSError as error:  # it starts beside the hosts, and may be slower
            if time.monotonic() > end:
                raise LabError(f"The BMC of {host.name} does not answer: {error}") from error
            time.sleep(0.5)


def _with_redfish(hosts: Sequence[Host]) -> list[Host]:
    return [host for host in hosts if host.bmc == "redfish"]


def _python(lab: Lab) -> Path:
    return lab.checkout / "build" / "venv" / "bin" / "python"


def _folder(lab: Lab, host: Host) -> Path:
    return lab.dir / "bmc" / host.name
