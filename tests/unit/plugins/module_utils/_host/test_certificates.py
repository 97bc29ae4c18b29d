"""Certificates are judged as the other end of a handshake would, and read for their names and their end.

The folder pem holds throw-away keys and certificates: of two authorities, one of them expired, all with one key.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host import certificates
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import Certificates

PEM = Path(__file__).with_name("pem")
AUTHORITY, OTHER = (certificates.fingerprints((PEM / f"{name}.pem").read_text())[0] for name in ("ca", "other"))


def looked(folder: Path, files: Mapping[str, str]) -> Certificates:
    """Return what is found where QEMU's folder holds these files."""
    given = {
        "ca-cert": "ca",
        "server-cert": "good",
        "server-key": "key",
        "client-cert": "good",
        "client-key": "key",
        **files,
    }
    (folder / "qemu").mkdir()
    for name, source in given.items():
        if source:
            shutil.copy(PEM / f"{source}.pem", folder / "qemu" / f"{name}.pem")
    return certificates.of_qemu({}, folder)


def test_a_good_certificate_is_found_good_as_server_and_as_client(tmp_path: Path) -> None:
    found = looked(tmp_path, {})
    assert (found.use, found.authorities) == ("qemu", (AUTHORITY,))
    for shown in (found.server, found.client):
        assert (shown.present, shown.problem, shown.signer) == (True, None, AUTHORITY)
        assert shown.names == ("hv1", "*.lab.test", "192.0.2.1")
        assert shown.not_after is not None
        assert shown.not_after > 4e9


def test_an_expired_one_says_so(tmp_path: Path) -> None:
    found = looked(tmp_path, {"server-cert": "expired"})
    assert found.server.problem == "certificate has expired"
    assert found.server.not_after == 1580515200.0
    assert found.client.problem is None


@pytest.mark.parametrize("end", ["server", "client"])
def test_one_of_another_authority_is_refused_at_home_already(tmp_path: Path, end: str) -> None:
    shown = getattr(looked(tmp_path, {f"{end}-cert": "foreign"}), end)
    assert shown.problem is not None
    assert "issuer" in shown.problem
    assert shown.signer is None


def test_the_authority_that_signed_is_told_from_others_in_the_same_file(tmp_path: Path) -> None:
    found = looked(tmp_path, {"server-cert": "foreign"})
    both = (PEM / "ca.pem").read_text() + (PEM / "other.pem").read_text()
    (tmp_path / "qemu" / "ca-cert.pem").write_text(both)
    found = certificates.of_qemu({}, tmp_path)
    assert found.authorities == (AUTHORITY, OTHER)
    assert (found.server.signer, found.client.signer) == (OTHER, AUTHORITY)


def test_a_key_of_another_certificate_is_noticed(tmp_path: Path) -> None:
    found = looked(tmp_path, {"server-key": "other-key"})
    assert found.server.problem is not None
    assert "do not go together" in found.server.problem


@pytest.mark.parametrize("missing", ["server-cert", "server-key", "ca-cert"])
def test_what_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    found = looked(tmp_path, {missing: ""})
    assert found.server.present is False
    assert found.server.problem == f"{tmp_path}/qemu/{missing}.pem is missing"


def test_what_is_no_certificate_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    looked(tmp_path, {})
    (tmp_path / "qemu" / "server-cert.pem").write_text("nonsense")
    problem = certificates.of_qemu({}, tmp_path).server.problem
    assert problem is not None
    assert problem.startswith("it can't be read")


def test_an_encrypted_key_is_libvirts_secret_and_not_tried(tmp_path: Path) -> None:
    looked(tmp_path, {})
    (tmp_path / "qemu" / "server-key.pem").write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    found = certificates.of_qemu({}, tmp_path).server
    assert (found.problem, found.signer) == (None, None)
    assert found.names


def test_qemus_folder_is_that_of_its_configuration(tmp_path: Path) -> None:
    looked(tmp_path, {})
    moved = (tmp_path / "qemu").rename(tmp_path / "libvirt-migrate")
    assert certificates.of_qemu({}, tmp_path).server.path == str(moved / "server-cert.pem")
    own = {"default_tls_x509_cert_dir": str(moved), "migrate_tls_x509_cert_dir": "/nowhere"}
    assert certificates.of_qemu(own, tmp_path).server.path == "/nowhere/server-cert.pem"


def test_libvirts_files_are_those_of_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "libvirt/private").mkdir(parents=True)
    for name, source in (("clientcert", "good"), ("private/clientkey", "key")):
        shutil.copy(PEM / f"{source}.pem", tmp_path / "libvirt" / f"{name}.pem")
    (tmp_path / "CA").mkdir()
    shutil.copy(PEM / "ca.pem", tmp_path / "CA/cacert.pem")
    settings = {"cert_file": str(PEM / "good.pem"), "key_file": str(PEM / "key.pem"), "ca_file": str(PEM / "ca.pem")}
    found = certificates.of_libvirt(settings, tmp_path)
    assert (found.use, found.server.problem, found.client.problem) == ("libvirt", None, None)
    assert found.authority_file == str(PEM / "ca.pem")
    assert certificates.of_libvirt({}, tmp_path).server.path == str(tmp_path / "libvirt/servercert.pem")
