"""Writes the JSON schemas of snapshot, request and plan to docs/schemas, from the dataclasses that read and write them.

Usage: schemas.py [--check]     --check: write nothing, fail where a file is out of date
Must import nothing but the standard library and the room _model.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import json
import sys
import typing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
NONE = None.__class__
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def documents() -> dict[str, Any]:
    """Return each file name with its schema."""
    sys.path.insert(0, str(ROOT / "plugins" / "module_utils"))
    from _model import codec, plan, snapshot

    return {
        f"{name}-{number}.json": document(cls, name, number, codec.to_json)
        for cls, name, number in (
            (snapshot.Snapshot, "snapshot", snapshot.SCHEMA),
            (plan.Request, "request", plan.SCHEMA),
            (plan.Plan, "plan", plan.SCHEMA),
        )
    }


def document(cls: Any, name: str, number: int, to_json: Any) -> dict[str, Any]:
    """Return the schema of one kind of document; ``number`` is what its key ``schema`` holds."""
    defs: dict[str, Any] = {}
    whole = of_class(cls, defs, to_json)
    if "schema" in whole["properties"]:
        whole["properties"]["schema"] = {"const": number}
        whole["required"] = sorted({*whole["required"], "schema"})
    title = f"virtfleet.migration {name}, version {number}"
    head = {"$schema": DRAFT, "$id": f"urn:virtfleet.migration:{name}:{number}", "title": title}
    return {**head, **whole, "$defs": {key: defs[key] for key in sorted(defs)}}


def of_class(cls: Any, defs: dict[str, Any], to_json: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    properties, required = {}, []
    for field in dataclasses.fields(cls):
        properties[field.name] = of_hint(hints[field.name], defs, to_json)
        if field.default is not dataclasses.MISSING:
            properties[field.name] = {**properties[field.name], "default": to_json(field.default)}
        elif field.default_factory is not dataclasses.MISSING:
            properties[field.name] = {**properties[field.name], "default": to_json(field.default_factory())}
        else:
            required.append(field.name)
    return {
        "description": described(cls),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def described(cls: Any) -> str:
    return " ".join((inspect.getdoc(cls) or "").replace("``", "").split())


def of_hint(hint: Any, defs: dict[str, Any], to_json: Any) -> dict[str, Any]:
    """Return the schema of one type annotation; the kinds are those that the codec reads."""
    if hint in SCALARS:
        return {"type": SCALARS[hint]}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        (inner,) = (arg for arg in args if arg is not NONE)
        return {"anyOf": [of_hint(inner, defs, to_json), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": of_hint(args[0], defs, to_json)}
    if origin is collections.abc.Mapping:
        return {"type": "object", "additionalProperties": of_hint(args[1], defs, to_json)}
    if hint.__name__ not in defs:
        defs[hint.__name__] = {}  # holds the place of a class that speaks of itself
        is_enum = issubclass(hint, enum.Enum)
        defs[hint.__name__] = of_enum(hint) if is_enum else of_class(hint, defs, to_json)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def of_enum(cls: Any) -> dict[str, Any]:
    return {"description": described(cls), "enum": [member.value for member in cls]}


def text_of(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1) + "\n"


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    status = 0
    for name, schema in documents().items():
        path, text = FOLDER / name, text_of(schema)
        if check and (not path.is_file() or path.read_text(encoding="utf-8") != text):
            print(f"schemas: {path.relative_to(ROOT)} is out of date; run hacking/schemas.py", file=sys.stderr)
            status = 1
        elif not check:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
