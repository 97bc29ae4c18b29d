"""libvirt's own configuration files, as far as a pre-flight look needs them. Must write nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Union

Value = Union[str, int, tuple[str, ...]]

_SETTING = re.compile(r'^\s*(?P<key>\w+)\s*=\s*(?P<value>"(?:[^"\\]|\\.)*"|\'[^\']*\'|-?\d+|\[[^\]]*\])', re.MULTILINE)
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'')
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)


def settings_of(text: str) -> dict[str, Value]:
    """Return what the file sets; the last word counts."""
    bare = _COMMENT.sub("", text)
    return {match["key"]: _value(match["value"]) for match in _SETTING.finditer(bare)}


def read_settings(*paths: Path) -> dict[str, Value]:
    """Return what the files set that are there, later ones over earlier ones."""
    found: dict[str, Value] = {}
    for path in paths:
        if path.is_file():
            found.update(settings_of(path.read_text(encoding="utf-8", errors="replace")))
    return found


def text(settings: Mapping[str, Value], key: str, default: str = "") -> str:
    """Return a setting as text, the default where it is not set."""
    value = settings.get(key, default)
    return value if isinstance(value, str) else str(value)


def number(settings: Mapping[str, Value], key: str, default: int) -> int:
    """Return a setting as a number, the default where it is not set or none."""
    value = settings.get(key, default)
    return value if isinstance(value, int) else default


def texts(settings: Mapping[str, Value], key: str) -> tuple[str, ...]:
    """Return a list, empty where it is not set."""
    value = settings.get(key, ())
    return value if isinstance(value, tuple) else (text(settings, key),)


def _value(raw: str) -> Value:
    if raw.startswith("["):
        return tuple(double or single for double, single in _TEXT.findall(raw))
    if raw[0] in "\"'":
        return raw[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return int(raw)
