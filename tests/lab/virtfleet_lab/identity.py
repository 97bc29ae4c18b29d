"""Who is who in the lab: its certificate authority, certificates, ssh keys and known hosts. Writes files only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import redfish
from .settings import Host, Lab
from .shell import in_parallel, run, write

# libvirt asks for the usage "key encipherment", which certtool grants to RSA keys only.
KEY_TYPE = ["--key-type=rsa", "--bits=2048"]


def make(lab: Lab, hosts: Sequence[Host]) -> None:
    """Keys and certificates of the conductor and of every host, under build/lab/pki."""
    lab.pki.mkdir(parents=True)
    _make_authority(lab)
    in_parallel(lambda host: _make_certificate(lab, host.name, [host.name], [host.address]), hosts, workers=4)
    _make_certificate(lab, "conductor", ["conductor"], [lab.machine_address])
    for host in hosts:
        if host.bmc == "redfish":
            _make_certificate(lab, redfish.bmc_name(host), [redfish.bmc_name(host)], [host.bmc_address])
    for name in ("conductor", *(host.name for host in hosts)):
        _make_ssh_key(lab.pki / name / "id_ed25519", f"root@{name}")
    for host in hosts:
        _make_ssh_key(lab.pki / host.name / "ssh_host_ed25519_key", host.name)
    write(lab.dir / "known_hosts", known_hosts(lab, hosts))
    _write_ssh_client(lab, hosts)


def known_hosts(lab: Lab, hosts: Sequence[Host]) -> str:
    return "".join(f"{host.name},{host.address} {_public(lab, host.name, 'ssh_host_ed25519_key')}\n" for host in hosts)


def authorized_keys(lab: Lab, hosts: Sequence[Host]) -> str:
    """Everybody who may log in as root on a host: the conductor and all hosts."""
    names = ("conductor", *(host.name for host in hosts))
    return "".join(f"{_public(lab, name, 'id_ed25519')}\n" for name in names)


def _public(lab: Lab, name: str, key: str) -> str:
    return (lab.pki / name / f"{key}.pub").read_text(encoding="utf-8").strip()


def _make_ssh_key(path: Path, comment: str) -> None:
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def _make_authority(lab: Lab) -> None:
    template = lab.pki / "ca.template"
    write(template, "cn = virtfleet lab\nca\ncert_signing_key\nexpiration_days = 3650\n")
    run(["certtool", "--generate-privkey", *KEY_TYPE, "--outfile", lab.pki / "cakey.pem"])
    run(
        ["certtool", "--generate-self-signed", "--load-privkey", lab.pki / "cakey.pem"]
        + ["--template", template, "--outfile", lab.pki / "cacert.pem"]
    )


def _make_certificate(lab: Lab, name: str, dns: Sequence[str], addresses: Sequence[str]) -> None:
    """A certificate good for server and client, since hosts are both to one another."""
    folder = lab.pki / name
    folder.mkdir()
    lines = [f"cn = {name}", "organization = virtfleet lab", "tls_www_server", "tls_www_client"]
    lines += ["signing_key", "encryption_key", "expiration_days = 3650"]
    lines += [f"dns_name = {one}" for one in dns] + [f"ip_address = {one}" for one in addresses]
    write(folder / "template", "\n".join(lines) + "\n")
    run(["certtool", "--generate-privkey", *KEY_TYPE, "--outfile", folder / "clientkey.pem"])
    run(
        ["certtool", "--generate-certificate", "--load-privkey", folder / "clientkey.pem"]
        + ["--load-ca-certificate", lab.pki / "cacert.pem", "--load-ca-privkey", lab.pki / "cakey.pem"]
        + ["--template", folder / "template", "--outfile", folder / "clientcert.pem"]
    )
    write(folder / "cacert.pem", (lab.pki / "cacert.pem").read_text(encoding="utf-8"))


def _write_ssh_client(lab: Lab, hosts: Sequence[Host]) -> None:
    """ssh for people, Ansible and libvirt's `command=` alike: one wrapper around one configuration."""
    blocks = [f"Host {host.name} {host.address}\n  HostName {host.address}\n" for host in hosts]
    blocks.append(
        "Host *\n"
        "  User root\n"
        f'  IdentityFile "{lab.pki / "conductor" / "id_ed25519"}"\n'
        "  IdentitiesOnly yes\n"
        f'  UserKnownHostsFile "{lab.dir / "known_hosts"}"\n'
        "  GlobalKnownHostsFile /dev/null\n"
        "  StrictHostKeyChecking yes\n"
        "  BatchMode yes\n"
        "  ConnectTimeout 10\n"
        "  ServerAliveInterval 5\n"
    )
    write(lab.dir / "ssh_config", "".join(blocks))
    write(lab.dir / "ssh", '#!/bin/sh\nexec ssh -F "${0%/*}/ssh_config" "$@"\n', mode=0o755)
