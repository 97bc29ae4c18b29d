"""Why a task failed is told in one line, with the words of the package that failed rather than apt's last ones."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._model.failure_text import failure_text

# as apt's module returns it, but for many lines in which nothing fails
APT = {
    "msg": "'/usr/bin/apt-get dist-upgrade ' failed: E: Sub-process /usr/bin/dpkg returned an error code (1)\n",
    "stdout": """Unpacking iso-codes (98) over (4.15.0-1) ...
Setting up libvirt0:amd64 (11.3.0-2~bpo12+1) ...
Setting up iso-codes (98) ...
the vendor's package can't be configured
dpkg: error processing package iso-codes (--configure):
 installed iso-codes package post-installation script subprocess returned error exit status 1
Setting up mdevctl (1.2.0-3+b1) ...
dpkg: error processing package silent (--configure):
 dependency problems - leaving unconfigured
Errors were encountered while processing:
 iso-codes
""",
}


def test_the_message_follows_the_name_of_the_task_in_one_line() -> None:
    found = failure_text("Reboot the host", {"msg": "Timed out\nwaiting", "rebooted": True})
    assert found == "Reboot the host: Timed out waiting"


def test_the_packages_that_failed_come_first_with_the_last_words_of_their_scripts() -> None:
    assert failure_text("Upgrade the packages", APT) == (
        "Upgrade the packages: the vendor's package can't be configured dpkg: error processing package iso-codes "
        "(--configure): installed iso-codes package post-installation script subprocess returned error exit status 1; "
        "dpkg: error processing package silent (--configure): dependency problems - leaving unconfigured; "
        "'/usr/bin/apt-get dist-upgrade ' failed: E: Sub-process /usr/bin/dpkg returned an error code (1)"
    )


def test_of_many_packages_that_failed_three_are_told() -> None:
    lines = [f"dpkg: error processing package p{number} (--configure):" for number in range(5)]
    assert failure_text("Upgrade", {"msg": "no", "stdout": "\n".join(lines)}).count("dpkg: error") == 3


def test_what_dnf_says_of_single_packages_is_told_once() -> None:
    result = {"msg": "Failed to download: b", "failures": ["no package a", "Failed to download: b", "no package a"]}
    assert failure_text("Upgrade", result) == "Upgrade: no package a; Failed to download: b"


def test_of_a_task_that_says_nothing_ansibles_own_words_are_pointed_to() -> None:
    assert failure_text("include a file", {}) == "include a file: see what Ansible says above"
