"""What makes an image a certain host: the files laid over it before its first boot. Writes below one folder only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from . import identity
from .settings import (
    HOST_GUEST_DIR,
    HOST_IMAGES_DIR,
    HOST_SERIAL_DIR,
    TARGET_IQN,
    Host,
    Lab,
)
from .shell import write
from .sites import names_of

MASKED = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "glusterd.service",
    "libvirt-guests.service",
    "openipmi.service",
    "rpcbind.service",
    "rpcbind.socket",
    "run-rpc_pipefs.mount",
    "systemd-timesyncd.service",
    "tgt.service",
)
UNITS = "/lib/systemd/system"
ENABLED = {
    "multi-user.target.wants": ("systemd-networkd.service",),
    "network-online.target.wants": ("systemd-networkd-wait-online.service",),
}


def lay(lab: Lab, host: Host, hosts: Sequence[Host], over: Path) -> None:
    """Writes all files of a host into the upper folder of its overlay."""
    for path, text in _system_files(lab, host, hosts).items():
        write(over / path, text)
    _lay_units(over)
    _lay_ssh(lab, host, hosts, over)
    for folder in (HOST_GUEST_DIR, HOST_SERIAL_DIR):
        (over / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
    if not host.bare:
        _lay_libvirt(lab, host, over)


def _lay_libvirt(lab: Lab, host: Host, over: Path) -> None:
    """Settings, certificates, pools and the network: what a bare host has to be given by others."""
    site = names_of(host)
    for path, text in _libvirt_files(lab, host).items():
        write(over / path, text)
    _link(over / "etc/systemd/system/sockets.target.wants/libvirtd-tls.socket", f"{UNITS}/libvirtd-tls.socket")
    for pool in ("local", site.pool, "iscsi"):
        _link(over / f"etc/libvirt/storage/autostart/{pool}.xml", f"/etc/libvirt/storage/{pool}.xml")
    network = f"{site.network}.xml"
    _link(over / "etc/libvirt/qemu/networks/autostart" / network, f"/etc/libvirt/qemu/networks/{network}")
    _lay_certificates(lab, host, over)
    for folder in (site.folder, HOST_IMAGES_DIR):
        (over / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _system_files(lab: Lab, host: Host, hosts: Sequence[Host]) -> dict[str, str]:
    names = "".join(f"{one.address} {one.name}\n" for one in hosts)
    return {
        "etc/hostname": f"{host.name}\n",
        "etc/machine-id": host.uuid.replace("-", "") + "\n",
        "etc/hosts": f"127.0.0.1 localhost\n{lab.infra_address} lab\n{names}",
        "etc/apt/sources.list": "# The lab has no way out: `lab.py offer` adds a source in sources.list.d.\n",
        "etc/resolv.conf": "# The lab has no name server: /etc/hosts names everybody.\n",
        "etc/systemd/network/10-lab.network": (
            f"[Match]\nName=host0\n[Network]\nAddress={host.address}/{lab.subnet.prefixlen}\n"
            "LinkLocalAddressing=no\nIPv6AcceptRA=no\n"
        ),
        **_bridge(names_of(host).bridge),
        **_bridge("br-other"),
    }


def _bridge(name: str) -> dict[str, str]:
    """A bridge without an address that guests are plugged into."""
    return {
        f"etc/systemd/network/20-{name}.netdev": f"[NetDev]\nName={name}\nKind=bridge\n",
        f"etc/systemd/network/20-{name}.network": (
            f"[Match]\nName={name}\n[Link]\nRequiredForOnline=no\n"
            "[Network]\nConfigureWithoutCarrier=yes\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
        ),
    }


def _libvirt_files(lab: Lab, host: Host) -> dict[str, str]:
    site = names_of(host)
    files = {
        "etc/libvirt/libvirtd.conf": f'host_uuid = "{host.uuid}"\nauth_tls = "none"\nauth_unix_rw = "none"\n',
        "etc/libvirt/qemu.conf": (
            'user = "root"\ngroup = "root"\nsecurity_driver = "none"\nnamespaces = []\n'
            'cgroup_controllers = []\nremember_owner = 0\nstdio_handler = "file"\n'
        ),
        "etc/default/libvirtd": 'LIBVIRTD_ARGS=""\n',
        "etc/systemd/system/libvirtd.service.d/lab.conf": (
            "[Unit]\nWants=network-online.target\nAfter=network-online.target\n"
        ),
        f"etc/libvirt/qemu/networks/{site.network}.xml": (
            f"<network><name>{site.network}</name><uuid>{host.uuid_of(f'network {site.network}')}</uuid>"
            f"<forward mode='bridge'/><bridge name='{site.bridge}'/></network>\n"
        ),
    }
    for name, xml in _pools(lab, host).items():  # a pool without a UUID is another one to a daemon that starts anew
        uuid = f"<name>{name}</name><uuid>{host.uuid_of(f'pool {name}')}</uuid>"
        files[f"etc/libvirt/storage/{name}.xml"] = xml.replace(f"<name>{name}</name>", uuid)
    return files


def _pools(lab: Lab, host: Host) -> dict[str, str]:
    site = names_of(host)
    initiator = f"iqn.2026-01.lab.virtfleet:{host.name}"
    return {
        "local": f"<pool type='dir'><name>local</name><target><path>{HOST_IMAGES_DIR}</path></target></pool>\n",
        site.pool: (
            f"<pool type='netfs'><name>{site.pool}</name><source>"
            f"<host name='{lab.infra_address}'/><dir path='/{site.volume}'/><format type='glusterfs'/>"
            f"</source><target><path>{site.folder}</path></target></pool>\n"
        ),
        "iscsi": (
            "<pool type='iscsi-direct'><name>iscsi</name><source>"
            f"<host name='{lab.infra_address}' port='3260'/><device path='{escape(TARGET_IQN)}'/>"
            f"<initiator><iqn name='{initiator}'/></initiator></source></pool>\n"
        ),
    }


def _link(link: Path, to: str) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(to)


def _lay_units(over: Path) -> None:
    system = over / "etc/systemd/system"
    for unit in MASKED:
        _link(system / unit, "/dev/null")
    for target, units in ENABLED.items():
        for unit in units:
            _link(system / target / unit, f"{UNITS}/{unit}")


def _lay_ssh(lab: Lab, host: Host, hosts: Sequence[Host], over: Path) -> None:
    write(over / "etc/ssh/sshd_config.d/lab.conf", "HostKey /etc/ssh/ssh_host_ed25519_key\nMaxStartups 100\n")
    write(over / "etc/ssh/ssh_config.d/lab.conf", "Host *\n  StrictHostKeyChecking yes\n  BatchMode yes\n")
    write(over / "etc/ssh/ssh_known_hosts", identity.known_hosts(lab, hosts))
    for source, path in (
        ("ssh_host_ed25519_key", "etc/ssh/ssh_host_ed25519_key"),
        ("id_ed25519", "root/.ssh/id_ed25519"),
    ):
        write(over / path, (lab.pki / host.name / source).read_text(encoding="utf-8"), mode=0o600)
    write(over / "root/.ssh/authorized_keys", identity.authorized_keys(lab, hosts), mode=0o600)
    (over / "root").chmod(0o700)
    (over / "root/.ssh").chmod(0o700)


def _lay_certificates(lab: Lab, host: Host, over: Path) -> None:
    """The same pair serves libvirt and QEMU, as server and as client; each looks for its own file names."""
    authority, certificate, key = (
        (lab.pki / host.name / name).read_text(encoding="utf-8")
        for name in ("cacert.pem", "clientcert.pem", "clientkey.pem")
    )
    write(over / "etc/pki/CA/cacert.pem", authority)
    write(over / "etc/pki/qemu/ca-cert.pem", authority)
    for role in ("server", "client"):
        write(over / f"etc/pki/libvirt/{role}cert.pem", certificate)
        write(over / f"etc/pki/libvirt/private/{role}key.pem", key, mode=0o600)
        write(over / f"etc/pki/qemu/{role}-cert.pem", certificate)
        write(over / f"etc/pki/qemu/{role}-key.pem", key, mode=0o600)
