"""Who may import whom under plugins/, judged from the syntax tree alone. Must not import what it judges."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

COLLECTION = "ansible_collections.virtfleet.migration.plugins"
PURE = frozenset({"_model", "_planner", "_engine", "_whatif"})
PRIVATE_ROOMS = PURE | {"_libvirt", "_ansible", "_host", "_history"}

# What each room may import beside the standard library and itself.
ALLOWED: dict[str, frozenset[str]] = {
    "_model": frozenset(),
    "_planner": frozenset({"_model"}),
    "_engine": frozenset({"_model", "_planner"}),
    "_whatif": frozenset({"_model", "_planner"}),
    "_libvirt": frozenset({"_model", "_engine.ports", "libvirt", "libvirt_qemu"}),
    "_host": frozenset({"_model"}),
    "_history": frozenset({"_model"}),
    "_ansible": frozenset({"_model", "_whatif", "ansible"}),
    "modules": PRIVATE_ROOMS
    | {"ansible", "pyghmi"},  # the library that speaks IPMI, for the one module that asks by it
    "action": (PRIVATE_ROOMS - {"_libvirt"}) | {"ansible", "plugin_utils"},
    "plugin_utils": (PRIVATE_ROOMS - {"_libvirt"}) | {"ansible"},
    "filter": frozenset({"_model", "ansible"}),
    "doc_fragments": frozenset(),
}
# Ways to the clock, to chance and to names that no reader and no packager can see.
IMPURE_MODULES = frozenset({"time", "random", "secrets"})
SEEDED = "random.Random"  # a search may draw from a generator that it seeds with a constant
IMPURE_CALLS = frozenset(
    {
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        "os.getrandom",
        "os.times",
        "os.urandom",
        "uuid.uuid1",
        "uuid.uuid4",
    }
)
NOT_A_PURPOSE = ("#!", "# -*-", "# SPDX", "# Copyright", "# (c)", "# GNU")


def violations(plugins: Path) -> list[str]:
    """Every broken rule under a plugins folder as `file:line: what is wrong`, sorted."""
    found: list[str] = []
    for path in sorted(plugins.rglob("*")):
        if path.suffix not in (".py", ".yml", ".yaml"):
            continue
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(plugins)
        found += [f"{where}:{line}: {problem}" for line, problem in _of_file(where, text)]
    return sorted(found)


def _of_file(where: Path, text: str) -> Iterator[tuple[int, str]]:
    if where.name == "__init__.py" and not text:
        return
    yield from _purpose(text)
    room = room_of(where)
    if room is None:
        yield 1, f"{where.parent} is no room of the design"
        return
    if where.suffix == ".py":
        tree = ast.parse(text)
        yield from _asserts(tree)
        yield from _imports(tree, where, room)
        if room in PURE:
            yield from _impurities(tree)


def room_of(where: Path) -> str | None:
    """The room a file lies in, from its path relative to plugins/."""
    folders = where.parts[:-1]
    if len(folders) >= 2 and folders[0] == "module_utils" and folders[1] in PRIVATE_ROOMS:
        return folders[1]
    if len(folders) == 1 and folders[0] in ALLOWED and folders[0] not in PRIVATE_ROOMS:
        return folders[0]
    return None


def _purpose(text: str) -> Iterator[tuple[int, str]]:
    """The first line is a comment or docstring of at least four words, not a shebang or licence."""
    lines = text.split("\n", 2)
    # ansible-test wants a shebang in modules; the purpose follows it
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    opens = first.startswith(("#", '"""')) and not first.startswith(NOT_A_PURPOSE)
    if not opens or len(first.strip('#" ').split()) < 4:
        yield 1, "the first line does not say what the file is for"


def _asserts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.lineno, "assert: raise an exception with a message instead"


def imported_names(tree: ast.AST, where: Path) -> Iterator[tuple[int, str]]:
    """Each imported thing as an absolute dotted name, relative imports resolved from the file's place."""
    package = [*COLLECTION.split("."), *where.parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            yield from ((node.lineno, ".".join([*module, alias.name])) for alias in node.names)


def _imports(tree: ast.AST, where: Path, room: str) -> Iterator[tuple[int, str]]:
    for line, name in imported_names(tree, where):
        if name == "importlib" or name.startswith("importlib."):
            yield line, "importlib: neither a reader nor AnsiballZ can follow a dynamic import"
        elif not _may_import(room, name):
            yield line, f"{room} must not import {name.removeprefix(COLLECTION + '.')}"


def _may_import(room: str, name: str) -> bool:
    if name != COLLECTION and not name.startswith(COLLECTION + "."):
        top = name.split(".", maxsplit=1)[0]
        if room in PURE and top in IMPURE_MODULES and name != SEEDED:
            return False
        return top in ALLOWED[room] or top in sys.stdlib_module_names
    parts = name.split(".")[len(COLLECTION.split(".")) :]
    if parts[:1] == ["module_utils"]:
        return _may_enter(room, parts[1:])
    return parts[:1] == ["plugin_utils"] and "plugin_utils" in {room, *ALLOWED[room]}


def _may_enter(room: str, parts: list[str]) -> bool:
    """Whether code of a room may import this path below module_utils: a room whole, or one file of it."""
    if not parts:
        return False
    if parts[0] == room or parts[0] in ALLOWED[room]:
        return True
    return ".".join(parts[:2]) in ALLOWED[room]  # one file of a room, such as _engine.ports


def _impurities(tree: ast.AST) -> Iterator[tuple[int, str]]:
    local_names = _local_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)):
            name = _absolute(node, local_names)
            if name in IMPURE_CALLS:
                yield node.lineno, f"a pure room reads no clock and no chance: {name}"
        elif isinstance(node, ast.Call) and not (node.args or node.keywords):
            named = isinstance(node.func, (ast.Attribute, ast.Name))
            if named and _absolute(node.func, local_names) == SEEDED:
                yield node.lineno, "a pure room seeds its generator: random.Random()"


def _local_names(tree: ast.AST) -> dict[str, str]:
    """What each imported local name stands for: `D` -> `datetime.datetime`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.split(".")[0]
                names[alias.asname or head] = alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _absolute(node: ast.expr, local_names: dict[str, str]) -> str:
    """The dotted name of an attribute chain with its imported head spelled out; empty for anything else."""
    if isinstance(node, ast.Name):
        return local_names.get(node.id, "")
    if isinstance(node, ast.Attribute):
        head = _absolute(node.value, local_names)
        return f"{head}.{node.attr}" if head else ""
    return ""
