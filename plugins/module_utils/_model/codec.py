"""Frozen dataclasses to JSON values and back, with the place of each error. Must not know any particular class."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import json
import typing
from collections.abc import Mapping
from typing import Any, Callable, TypeVar, Union

from .errors import FleetError

T = TypeVar("T")
Decoder = Callable[[Any], Any]

_NONE = type(None)
_SCALARS: dict[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
}


class DecodeError(FleetError):
    """A document that is not what it claims to be; the message names the place, as in ``hosts[2].uuid``."""


class _MisfitError(Exception):
    """Something wrong in a document. Its place grows on the way up: documents are large and nearly always right."""

    def __init__(self, problem: str, *place: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = list(place)  # innermost first


def to_json(value: Any) -> Any:
    """Return ``value`` as plain dicts, lists and scalars; enums by value, fields of dataclasses by name."""
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {key: to_json(value[key]) for key in sorted(value)}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    cls: Any = value.__class__
    if hasattr(cls, "__dataclass_fields__"):
        return {name: to_json(getattr(value, name)) for name in _field_names(cls)}
    raise TypeError(f"no JSON form for {type(value).__name__}")


def from_json(cls: type[T], data: Any, where: str = "") -> T:
    """Build ``cls`` from what ``to_json`` gave; raises DecodeError that names the first wrong place."""
    hint: Any = cls
    try:
        result: T = _decoder(hint)(data)
    except _MisfitError as misfit:
        place = (where + "".join(reversed(misfit.place))).lstrip(".")
        nowhere = "the document" if dataclasses.is_dataclass(cls) else "the value"
        raise DecodeError(f"{place or nowhere}: {misfit.problem}") from None
    return result


def digest(*values: Any) -> str:
    """Return 16 hexadecimal digits that identify the JSON form of ``values``, whatever the order of keys."""
    text = json.dumps(values, default=_outermost, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _outermost(value: Any) -> Any:
    """As to_json, but no deeper than json itself needs it: many times faster where the form is not kept."""
    cls: Any = value.__class__
    if hasattr(cls, "__dataclass_fields__"):
        names = _field_names(cls)
        # what is looked up once and kept on the object is none of its fields
        return value.__dict__ if len(value.__dict__) == len(names) else {name: getattr(value, name) for name in names}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")


def read_document(cls: type[T], text: str, what: str, schema: int) -> T:
    """Parse a saved document of the given schema number; ``what`` names it in errors ("plan file x.json")."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FleetError(f"{what} is not complete JSON ({error})", "It may be cut off; make it again") from error
    return load_document(cls, data, what, schema)


def load_document(cls: type[T], data: Any, what: str, schema: int) -> T:
    """Build a document of the given schema number from parsed JSON; ``what`` names it in errors."""
    if not isinstance(data, Mapping) or "schema" not in data:
        raise FleetError(f"{what} has no schema number", "Give a document that this collection wrote")
    if data["schema"] != schema:
        raise FleetError(f"{what} has schema {data['schema']}, this version reads schema {schema}", "Make it again")
    try:
        return from_json(cls, data)
    except DecodeError as error:
        raise FleetError(f"{what} can't be read: {error.message}", "Make it again") from None


@functools.cache
def _field_names(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


@functools.cache
def _decoder(hint: Any) -> Decoder:
    if hint in _SCALARS:
        return _scalar_decoder(hint)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union:
        return _optional_decoder(_decoder(next(arg for arg in args if arg is not _NONE)))
    if origin is tuple:
        return _list_decoder(_decoder(args[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_decoder(_decoder(args[1]))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _enum_decoder(hint)
    if dataclasses.is_dataclass(hint):
        return _class_decoder(hint)
    raise TypeError(f"no decoder for {hint!r}")


def _scalar_decoder(hint: Any) -> Decoder:
    accepted, word = _SCALARS[hint]

    def decode(data: Any) -> Any:
        if data.__class__ is hint:
            return data
        # bool is a subclass of int, and true is not 1 in anybody's document
        if not isinstance(data, accepted) or isinstance(data, bool):
            raise _MisfitError(f"expected {word}, found {_shown(data)}")
        try:
            return hint(data)
        except OverflowError as error:
            raise _MisfitError(f"expected {word}, found {_shown(data)}") from error

    return decode


def _optional_decoder(inner: Decoder) -> Decoder:
    return lambda data: None if data is None else inner(data)


def _list_decoder(inner: Decoder) -> Decoder:
    def decode(data: Any) -> Any:
        if not isinstance(data, (list, tuple)):
            raise _MisfitError(f"expected a list, found {_shown(data)}")
        items: list[Any] = []
        try:
            for item in data:
                items.append(inner(item))  # how many there are tells which was wrong
        except _MisfitError as misfit:
            misfit.place.append(f"[{len(items)}]")
            raise
        return tuple(items)

    return decode


def _mapping_decoder(inner: Decoder) -> Decoder:
    def decode(data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise _MisfitError(f"expected a mapping, found {_shown(data)}")
        return _values(data, lambda _key: inner)

    return decode


def _enum_decoder(hint: type[enum.Enum]) -> Decoder:
    def decode(data: Any) -> Any:
        try:
            return hint(data)
        except ValueError:
            choices = ", ".join(str(member.value) for member in hint)
            raise _MisfitError(f"expected one of {choices}, found {_shown(data)}") from None

    return decode


def _class_decoder(hint: Any) -> Decoder:
    types = typing.get_type_hints(hint)
    decoders = {name: _decoder(types[name]) for name in _field_names(hint)}
    required = {
        field.name
        for field in dataclasses.fields(hint)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def decode(data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise _MisfitError(f"expected a mapping, found {_shown(data)}")
        if unknown := data.keys() - decoders.keys():
            raise _MisfitError("not a known key", f".{min(unknown)}")
        if missing := required - data.keys():
            raise _MisfitError("missing", f".{min(missing)}")
        return hint(**_values(data, decoders.__getitem__))

    return decode


def _values(data: Mapping[Any, Any], decoder_of: Callable[[Any], Decoder]) -> dict[str, Any]:
    values = {}
    for key, item in data.items():
        try:
            values[str(key)] = decoder_of(key)(item)
        except _MisfitError as misfit:
            misfit.place.append(f".{key}")
            raise
    return values


def _shown(data: Any) -> str:
    text = json.dumps(data, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
