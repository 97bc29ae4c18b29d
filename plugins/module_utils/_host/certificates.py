"""Certificates of this host, tried as libvirt and QEMU use them: a handshake in memory. Must keep no key."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from .._model.host_check import Certificate, Certificates
from . import conf

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
# each side of a handshake speaks a few times; more rounds than that mean that neither will
_ROUNDS = 10


def of_libvirt(daemon: Mapping[str, conf.Value], pki: Path = Path("/etc/pki")) -> Certificates:
    """Return the daemon's certificates; its client side, which peer-to-peer moves use, has fixed places."""
    authority = Path(conf.text(daemon, "ca_file") or pki / "CA/cacert.pem")
    server = _looked_at(
        Path(conf.text(daemon, "cert_file") or pki / "libvirt/servercert.pem"),
        Path(conf.text(daemon, "key_file") or pki / "libvirt/private/serverkey.pem"),
        authority,
        server=True,
    )
    client = _looked_at(
        pki / "libvirt/clientcert.pem", pki / "libvirt/private/clientkey.pem", pki / "CA/cacert.pem", server=False
    )
    return Certificates("libvirt", server, client, str(authority), fingerprints(_read(authority)))


def of_qemu(qemu: Mapping[str, conf.Value], pki: Path = Path("/etc/pki")) -> Certificates:
    """Return the certificates that QEMU uses for migrations; where they are is libvirt's rule."""
    own = pki / "libvirt-migrate"
    default = conf.text(qemu, "default_tls_x509_cert_dir") or (own if own.is_dir() else pki / "qemu")
    folder = Path(conf.text(qemu, "migrate_tls_x509_cert_dir") or default)
    authority = folder / "ca-cert.pem"
    server = _looked_at(folder / "server-cert.pem", folder / "server-key.pem", authority, server=True)
    client = _looked_at(folder / "client-cert.pem", folder / "client-key.pem", authority, server=False)
    return Certificates("qemu", server, client, str(authority), fingerprints(_read(authority)))


def fingerprints(pem: str) -> tuple[str, ...]:
    """Return what identifies each certificate of a PEM text."""
    return tuple(hashlib.sha256(ssl.PEM_cert_to_DER_cert(block)).hexdigest() for block in _BLOCK.findall(pem))


def _looked_at(path: Path, key: Path, authority: Path, *, server: bool) -> Certificate:
    missing = next((each for each in (path, key, authority) if not each.is_file()), None)
    if missing is not None:
        return Certificate(str(path), present=False, problem=f"{missing} is missing")
    found = _decoded(path)
    if found.problem is not None or "ENCRYPTED" in _read(key):  # libvirt has the passphrase as a secret, we do not
        return found
    problem = _refused(path, key, authority, _read(authority), server=server)
    if problem is not None:
        return replace(found, problem=problem)
    blocks = _BLOCK.findall(_read(authority))
    signed = (block for block in blocks if _refused(path, key, authority, block, server=server) is None)
    return replace(found, signer=next((fingerprints(block)[0] for block in signed), None))


def _decoded(path: Path) -> Certificate:
    try:
        # ssl offers no other way to read a certificate that it need not trust
        facts: dict[str, Any] = ssl._ssl._test_decode_cert(str(path))
    except (ssl.SSLError, ValueError) as error:
        return Certificate(str(path), problem=f"it can't be read ({error})")
    names = tuple(str(value) for kind, value in facts.get("subjectAltName", ()) if kind in ("DNS", "IP Address"))
    common = (value for part in facts.get("subject", ()) for key, value in part if key == "commonName")
    return Certificate(str(path), names=names or tuple(common), not_after=ssl.cert_time_to_seconds(facts["notAfter"]))


def _refused(path: Path, key: Path, authority: Path, trusted: str, *, server: bool) -> Optional[str]:
    """Return why the other end of a handshake refuses this one; ``server``: the certificate is shown by the server."""
    try:
        judge = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if server else ssl.PROTOCOL_TLS_SERVER)
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        for context in (judge, shown):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            # GnuTLS decides how strong a key has to be, not OpenSSL
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        shown.load_cert_chain(path, key)
        if not server:  # the judge is the server then, which must show something too
            judge.load_cert_chain(path, key)
        judge.load_verify_locations(cadata=trusted)
        judge.verify_mode = ssl.CERT_REQUIRED
        _shake_hands(*((shown, judge) if server else (judge, shown)))
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (ssl.SSLError, OSError) as error:
        return f"{path}, {key} and {authority} do not go together ({error})"
    return None


def _shake_hands(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server)
    for _round in range(_ROUNDS):
        waiting = [end for end in (client, server) if not _goes_on(end)]
        if not waiting:
            return
    raise ssl.SSLError("the handshake does not end")


def _goes_on(end: ssl.SSLObject) -> bool:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
