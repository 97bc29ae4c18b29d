"""Ways to spoil a lab host for a while, each undone at the end. Must not import or run anything of the collection."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from labview import LAB, on_host

KEPT = ".kept-by-a-scenario"
QEMU_CONF = "/etc/libvirt/qemu.conf"
LIBVIRTD_CONF = "/etc/libvirt/libvirtd.conf"


@contextlib.contextmanager
def kept(host: str, *paths: str) -> Iterator[None]:
    """Have these files of a host back at the end as they were, whatever became of them."""
    for path in paths:
        on_host(host, "cp", "--archive", path, path + KEPT)
    try:
        yield
    finally:
        for path in paths:
            on_host(host, "mv", path + KEPT, path)


@contextlib.contextmanager
def undone(host: str, do: str, undo: str) -> Iterator[None]:
    """Run one command line on a host now, and another at the end."""
    on_host(host, *shlex.split(do))
    try:
        yield
    finally:
        on_host(host, *shlex.split(undo))


def append(host: str, path: str, line: str) -> None:
    on_host(host, "sed", "--in-place", f"$ a {line}", path)


def replace(host: str, path: str, pattern: str, text: str) -> None:
    on_host(host, "sed", "--in-place", f"s|{pattern}|{text}|", path)


def put(host: str, path: str, content: str) -> None:
    """Write a file on a host, keeping owner and mode of one that is there."""
    command = [str(LAB / "ssh"), host, shlex.join(["tee", path])]
    subprocess.run(command, input=content, stdout=subprocess.DEVNULL, encoding="utf-8", timeout=60, check=True)


def define(host: str, xml: str) -> None:
    path = "/root/guest-of-a-scenario.xml"
    put(host, path, xml)
    on_host(host, "virsh", "-q", "define", path)
    on_host(host, "rm", path)


def restart_libvirtd(host: str) -> None:
    """Restart the daemon, which leaves guests running, and wait until it answers."""
    on_host(host, "systemctl", "restart", "libvirtd.service")
    _await_libvirtd(host)


def close_libvirtd(host: str) -> None:
    """Let the daemon go on without listening to other hosts."""
    on_host(host, "systemctl", "stop", "libvirtd-tls.socket", "libvirtd.service")
    on_host(host, "systemctl", "start", "libvirtd.service")
    _await_libvirtd(host)


def open_libvirtd(host: str) -> None:
    """Let it listen again; systemd opens no socket of a service that runs."""
    on_host(host, "systemctl", "stop", "libvirtd.service")
    on_host(host, "systemctl", "start", "libvirtd-tls.socket")
    on_host(host, "systemctl", "start", "libvirtd.service")
    _await_libvirtd(host)


def _await_libvirtd(host: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            on_host(host, "virsh", "-q", "hostname")
            return
        except RuntimeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def certificate(folder: Path, host: str, *, expired: bool = False, authority: str = "") -> tuple[str, str]:
    """Return a certificate for the lab's own key of that host, and the authority that has signed it.

    ``authority``: the name of another than the lab's, made for the occasion.
    """
    ca, key = LAB / "pki" / "cacert.pem", LAB / "pki" / "cakey.pem"
    if authority:
        ca, key = folder / f"{authority}.pem", folder / f"{authority}.key"
        template = folder / f"{authority}.template"
        template.write_text(f"cn = {authority}\nca\ncert_signing_key\nexpiration_days = 30\n", encoding="utf-8")
        _certtool("--generate-privkey", "--outfile", key)
        _certtool("--generate-self-signed", "--load-privkey", key, "--template", template, "--outfile", ca)
    template, made = folder / f"{host}.template", folder / f"{host}.pem"
    lines = (LAB / "pki" / host / "template").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("expiration_days")]
    dates = ['activation_date = "2020-01-01 00:00:00"', 'expiration_date = "2020-02-01 00:00:00"']
    template.write_text("\n".join([*lines, *(dates if expired else ["expiration_days = 30"])]) + "\n", encoding="utf-8")
    _certtool(
        *("--generate-certificate", "--load-privkey", LAB / "pki" / host / "clientkey.pem", "--template", template),
        *("--load-ca-certificate", ca, "--load-ca-privkey", key, "--outfile", made),
    )
    return made.read_text(encoding="utf-8"), ca.read_text(encoding="utf-8")


def _certtool(*argv: object) -> None:
    done = subprocess.run(["certtool", *map(str, argv)], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"certtool: {done.stderr}")
