"""Configuration files of libvirt are read as libvirt reads them, comments left out."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from ansible_collections.virtfleet.migration.plugins.module_utils._host import conf

TEXT = """# migration_port_min = 1
user = "root"
  migration_port_min = 50000
#default_tls_x509_cert_dir = "/etc/pki/qemu"
shared_filesystems = [
  # the old one
  # "/srv/old",
  "/srv/a",
  "/srv/b"
]
tls_force = 0
tls_force = 1
quoted = "a \\"b\\""
"""


def test_numbers_texts_and_lists_are_read() -> None:
    settings = conf.settings_of(TEXT)
    assert conf.text(settings, "user") == "root"
    assert conf.number(settings, "migration_port_min", 49152) == 50000
    assert conf.texts(settings, "shared_filesystems") == ("/srv/a", "/srv/b")
    assert conf.number(settings, "tls_force", 0) == 1, "the last word counts"
    assert conf.text(settings, "quoted") == 'a "b"'


def test_what_is_not_set_has_its_default() -> None:
    settings = conf.settings_of(TEXT)
    assert "default_tls_x509_cert_dir" not in settings
    assert conf.text(settings, "migration_host") == ""
    assert conf.number(settings, "migration_port_max", 49215) == 49215
    assert conf.texts({}, "shared_filesystems") == ()


def test_later_files_win_and_missing_ones_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a = 1\nb = 1\n")
    (tmp_path / "two").write_text("b = 2\n")
    assert conf.read_settings(tmp_path / "one", tmp_path / "none", tmp_path / "two") == {"a": 1, "b": 2}
