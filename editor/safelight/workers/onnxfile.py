"""ONNX files: what one says of itself, read without running it or loading a runtime.

An ONNX file is a protobuf message. This reads the few fields that tell what the network takes,
gives and is made of, refuses files that no network for pictures needs to be, and writes metadata
properties. Field numbers are those of onnx.proto3; unknown fields are skipped, as protobuf does.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 2 << 30
"""Bytes a file and its external data may have: protobuf itself ends at two gigabytes."""

LONGEST_SIDE = 1 << 16
"""The largest dimension an input or output may state."""

DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
"""Where operators may come from; the runtime has all of them built in."""

_MOST_FIELDS = 4_000_000
_MOST_ELEMENTS = 1 << 31
_DEEPEST = 24
_LONGEST_TEXT = 1 << 16

_ELEMENTS = {
    **{1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64"},
    **{8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64"},
    **{14: "complex64", 15: "complex128", 16: "bfloat16"},
}


class OnnxError(Exception):
    """A file that is no network Safelight can use; the text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Value:
    """An input or output: ``element`` as numpy calls it, "" when it is no tensor.

    ``dimensions`` are numbers, names for what is free, or None for what is not said; the whole
    is None when not even their count is said.
    """

    name: str
    element: str
    dimensions: tuple[int | str | None, ...] | None

    def text(self) -> str:
        """``image float32 1 × 3 × height × width``, for messages and model cards."""
        if self.dimensions is None:
            return f"{self.name} {self.element or 'no tensor'}"
        sides = ("?" if side is None else str(side) for side in self.dimensions)
        return f"{self.name} {self.element} {' × '.join(sides)}"


@dataclass(frozen=True, slots=True)
class External:
    """Where an initializer's numbers lie: in another file of the folder, from ``offset`` on."""

    tensor: str
    location: str
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What a file says of itself. ``sha256`` and ``bytes`` are those of the file alone.

    ``inputs`` are what has to be given: initializers, which old files list too, are left out.
    ``operators`` counts the nodes by (domain, type), those inside other nodes included.
    """

    producer: str
    opsets: Mapping[str, int]
    metadata: Mapping[str, str]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    operators: Mapping[tuple[str, str], int]
    external: tuple[External, ...]
    parameters: int
    bytes: int
    sha256: str


def read_onnx(path: Path) -> OnnxFile:
    """Read a file and refuse what is corrupt, hostile or absurd.

    Raises OnnxError, whose text names the file.
    """
    return _understood(path, _content(path))


def _content(path: Path) -> bytes:
    """The file's bytes. Raises OnnxError for what is no ordinary file of a sensible size."""
    name = path.name
    try:
        if not path.is_file():
            raise OnnxError(f"{name} is not there, or is no ordinary file.")
        size = path.stat().st_size
        if size > LARGEST:
            raise OnnxError(f"{name} has {size / 1e9:.1f} GB, more than a network may have (2 GB).")
        if not size:
            raise OnnxError(f"{name} is empty.")
        with path.open("rb") as file:
            return file.read(LARGEST + 1)  # never more, even of a file that grows meanwhile
    except OSError as error:
        raise OnnxError(f"{name} cannot be read: {error.strerror}.") from None


def _understood(path: Path, content: bytes) -> OnnxFile:
    reading = _Reading()
    try:
        reading.model(content)
    except _Damaged as damage:
        raise OnnxError(f"{path.name} is no ONNX file, or a damaged one: {damage}.") from None
    graph = reading.graph
    _check_operators(path.name, graph.operators, reading.functions)
    for value in (*graph.inputs, *graph.outputs):
        _check_value(path.name, value)
    for external in graph.external:
        _check_external(path, external)
    if graph.nested_external:
        raise OnnxError(f"{path.name} keeps numbers of single nodes in other files.")
    initializers = set(graph.initializers)
    return OnnxFile(
        producer=" ".join(reading.producer),
        opsets=reading.opsets,
        metadata=reading.metadata,
        inputs=tuple(item for item in graph.inputs if item.name not in initializers),
        outputs=tuple(graph.outputs),
        operators=dict(graph.operators),
        external=tuple(graph.external),
        parameters=graph.parameters,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _check_operators(
    name: str, operators: Mapping[tuple[str, str], int], functions: set[tuple[str, str]]
) -> None:
    for domain, kind in operators:
        # An operator that the file itself spells out as a function needs no foreign code.
        if domain not in DOMAINS and (domain, kind) not in functions:
            raise OnnxError(
                f"{name} uses {kind} of {domain}, an operator that needs code from elsewhere."
            )


def _check_value(name: str, value: Value) -> None:
    for side in value.dimensions or ():
        if isinstance(side, int) and side > LONGEST_SIDE:
            raise OnnxError(f"{name} has an input or output of absurd size: {value.text()[:200]}.")


def _check_external(path: Path, external: External) -> None:
    """Refuse external data outside the network's folder, or that is not all there."""
    where = external.location
    parts = where.replace("\\", "/").split("/")
    if not where or "\0" in where or os.path.isabs(where) or parts[0] == "" or ":" in parts[0]:
        raise OnnxError(f"{path.name} wants to read {where[:200]!r}, which is not in its folder.")
    if ".." in parts:
        raise OnnxError(f"{path.name} wants to read {where[:200]!r}, which leaves its folder.")
    place = path.parent
    for part in parts:
        place = place / part
        if place.is_symlink():
            raise OnnxError(f"{path.name} wants to read {where[:200]!r}, which is a link.")
    if not place.is_file():
        raise OnnxError(f"{path.name} needs the file {where[:200]} beside it, which is missing.")
    if external.offset + (external.length or 0) > min(place.stat().st_size, LARGEST):
        raise OnnxError(f"{path.name} needs more of {where[:200]} than that file holds.")


class _Damaged(Exception):
    """What is wrong with the bytes, as a part of a sentence."""


@dataclass(slots=True)
class _Graph:
    """What a graph and the graphs inside its nodes add up to."""

    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    initializers: list[str] = field(default_factory=list)
    external: list[External] = field(default_factory=list)
    nested_external: bool = False
    operators: Counter[tuple[str, str]] = field(default_factory=Counter)
    parameters: int = 0


class _Reading:
    """One pass over a file. Counts fields, so that no small file takes long."""

    def __init__(self) -> None:
        self.graph = _Graph()
        self.producer: list[str] = []
        self.opsets: dict[str, int] = {}
        self.metadata: dict[str, str] = {}
        self.functions: set[tuple[str, str]] = set()
        self._left = _MOST_FIELDS

    def model(self, content: bytes) -> None:
        """Read a ModelProto. Raises _Damaged."""
        graphs = 0
        for number, value, _, _ in self._fields(memoryview(content)):
            if number in (2, 3):
                self.producer.append(_text(value))
            elif number == 7:
                graphs += 1
                self._graph(_message(value), 0)
            elif number == 8:
                domain, version = "", 0
                for inner, item, _, _ in self._fields(_message(value)):
                    domain = _text(item) if inner == 1 else domain
                    version = _number(item) if inner == 2 else version
                self.opsets[domain] = version
            elif number == 14:
                key, text = self._pair(_message(value))
                self.metadata[key] = text
            elif number == 25:
                self._function(_message(value))
        if graphs != 1 or not self.opsets:
            raise _Damaged("it holds no network")

    def _function(self, data: memoryview) -> None:
        name = domain = ""
        for number, value, _, _ in self._fields(data):
            if number == 1:
                name = _text(value)
            elif number == 10:
                domain = _text(value)
            elif number == 7:
                self._node(_message(value), 1)
        self.functions.add((domain, name))

    def _graph(self, data: memoryview, depth: int) -> None:
        if depth > _DEEPEST:
            raise _Damaged("graphs are nested too deep")
        for number, value, _, _ in self._fields(data):
            if number == 1:
                self._node(_message(value), depth)
            elif number == 5:
                self._tensor(_message(value), depth)
            elif number == 15:
                raise _Damaged("it has sparse weights, which no filter needs")
            elif number in (11, 12) and not depth:
                found = self._value(_message(value))
                (self.graph.inputs if number == 11 else self.graph.outputs).append(found)

    def _node(self, data: memoryview, depth: int) -> None:
        kind = domain = ""
        for number, value, _, _ in self._fields(data):
            if number == 4:
                kind = _text(value)
            elif number == 7:
                domain = _text(value)
            elif number == 5:
                for inner, item, _, _ in self._fields(_message(value)):
                    if inner in (5, 10):
                        self._tensor(_message(item), depth + 1)
                    elif inner in (6, 11):
                        self._graph(_message(item), depth + 1)
        self.graph.operators[domain, kind] += 1

    def _tensor(self, data: memoryview, depth: int) -> None:
        dimensions: list[int] = []
        name, entries, elsewhere = "", {}, False
        for number, value, _, _ in self._fields(data):
            if number == 1:
                dimensions += self._packed(value) if isinstance(value, memoryview) else [value]
            elif number == 8:
                name = _text(value)
            elif number == 13:
                key, text = self._pair(_message(value))
                entries[key] = text
            elif number == 14:
                elsewhere = _number(value) == 1
        count = math.prod(dimensions) if len(dimensions) <= 64 else -1
        if not all(0 <= side < 1 << 62 for side in dimensions) or not 0 <= count < _MOST_ELEMENTS:
            raise _Damaged("a tensor has an absurd size")
        if depth:
            self.graph.nested_external |= elsewhere or bool(entries)
            return
        self.graph.initializers.append(name)
        self.graph.parameters += count
        if elsewhere or entries:
            offset, length = (_whole(entries.get(key, "")) for key in ("offset", "length"))
            self.graph.external.append(
                External(name, entries.get("location", ""), offset or 0, length)
            )

    def _value(self, data: memoryview) -> Value:
        name, element = "", ""
        dimensions: tuple[int | str | None, ...] | None = None
        for number, value, _, _ in self._fields(data):
            if number == 1:
                name = _text(value)
            if number != 2:
                continue
            for kind, inside, _, _ in self._fields(_message(value)):
                if kind != 1:
                    continue  # a sequence, a map: no tensor
                for part, item, _, _ in self._fields(_message(inside)):
                    if part == 1:
                        element = _ELEMENTS.get(_number(item), f"type {_number(item)}")
                    elif part == 2:
                        dimensions = self._shape(_message(item))
        return Value(name, element, dimensions)

    def _shape(self, data: memoryview) -> tuple[int | str | None, ...]:
        sides: list[int | str | None] = []
        for number, value, _, _ in self._fields(data):
            if number != 1:
                continue
            side: int | str | None = None
            for kind, item, _, _ in self._fields(_message(value)):
                if kind == 1:
                    side = _number(item) if _number(item) > 0 else None  # some write -1 for free
                elif kind == 2:
                    side = _text(item) or None
            sides.append(side)
            if len(sides) > 16:
                raise _Damaged("a tensor has too many dimensions")
        return tuple(sides)

    def _pair(self, data: memoryview) -> tuple[str, str]:
        texts = {1: "", 2: ""}
        for number, value, _, _ in self._fields(data):
            if number in texts:
                texts[number] = _text(value)
        return texts[1], texts[2]

    def _packed(self, data: memoryview) -> list[int]:
        numbers, position = [], 0
        while position < len(data):
            value, position = _varint(data, position)
            numbers.append(value)
            if len(numbers) > 64:
                raise _Damaged("a tensor has too many dimensions")
        return numbers

    def _fields(self, data: memoryview) -> Iterator[tuple[int, int | memoryview, int, int]]:
        """Each field: its number, its value, and where it begins and ends in ``data``."""
        position, end = 0, len(data)
        while position < end:
            self._left -= 1
            if self._left < 0:
                raise _Damaged("it has too many parts")
            start = position
            key, position = _varint(data, position)
            kind, value = key & 7, 0
            content: int | memoryview
            if kind == 0:
                content, position = _varint(data, position)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
                if position + size > end:
                    raise _Damaged("it ends inside a number")
                content = value
                position += size
            elif kind == 2:
                size, position = _varint(data, position)
                if size > end - position:
                    raise _Damaged("a part is longer than what holds it")
                content = data[position : position + size]
                position += size
            else:
                raise _Damaged("a part is of no known kind")
            if not key >> 3:
                raise _Damaged("a part has no number")
            yield key >> 3, content, start, position


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data) and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            value &= (1 << 64) - 1
            return value - (1 << 64) if value >> 63 else value, position
        shift += 7
    raise _Damaged("it ends inside a number" if shift < 70 else "a number is too long")


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise _Damaged("a number stands where a part is expected")
    return value


def _text(value: int | memoryview) -> str:
    data = _message(value)
    if len(data) > _LONGEST_TEXT:
        # Long remarks are common in metadata; what is cut off is read by nobody here.
        data = data[:_LONGEST_TEXT]
    return bytes(data).decode("utf-8", "replace")


def _number(value: int | memoryview) -> int:
    if not isinstance(value, int):
        raise _Damaged("a part stands where a number is expected")
    return value


def _whole(text: str) -> int | None:
    """A number of an external data entry, None when it is not given."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _Damaged("it says no sensible place for its numbers")
    return int(text)


def described(path: Path, properties: Mapping[str, str]) -> bytes:
    """The file with ``properties`` added to its metadata, its external data taken in.

    Properties of the same names are replaced; nothing else changes, neither what this module
    does not know. Raises OnnxError.
    """
    content = _content(path)
    known = _understood(path, content)
    total = len(content) + sum(_size(path, item) for item in known.external)
    if total > LARGEST - (1 << 20):
        raise OnnxError(f"{path.name} and its numbers have {total / 1e9:.1f} GB; 2 GB is the most.")
    reading = _Reading()
    parts: list[bytes | memoryview] = []
    whole = memoryview(content)
    for number, value, start, end in reading._fields(whole):
        if number == 14 and reading._pair(_message(value))[0] in properties:
            continue
        if number == 7 and known.external:
            parts.append(_part(7, b"".join(_with_numbers(reading, path, _message(value)))))
        else:
            parts.append(whole[start:end])
    for key, text in properties.items():
        parts.append(_part(14, _part(1, key.encode()) + _part(2, text.encode())))
    return b"".join(parts)


def _with_numbers(reading: _Reading, path: Path, graph: memoryview) -> Iterator[bytes | memoryview]:
    """A graph's fields, its initializers' numbers read in from beside the file."""
    for number, value, start, end in reading._fields(graph):
        alone = _Reading()
        if number == 5:
            alone._tensor(_message(value), 0)
        if not alone.graph.external:
            yield graph[start:end]
            continue
        tensor, (external,) = _message(value), alone.graph.external
        kept = [tensor[a:b] for item, _, a, b in reading._fields(tensor) if item not in (9, 13, 14)]
        yield _part(5, b"".join((*kept, _part(9, _numbers(path, external)))))


def _size(path: Path, external: External) -> int:
    """Bytes an initializer has in its file; the rest of that file when it is not said."""
    if external.length is not None:
        return external.length
    return max((path.parent / external.location).stat().st_size - external.offset, 0)


def _numbers(path: Path, external: External) -> bytes:
    try:
        with (path.parent / external.location).open("rb") as file:
            file.seek(external.offset)
            data = file.read(_size(path, external))
    except OSError as error:
        raise OnnxError(f"{external.location} cannot be read: {error.strerror}.") from None
    if external.length not in (None, len(data)):
        raise OnnxError(f"{path.name} needs more of {external.location} than that file holds.")
    return data


def _part(number: int, data: bytes) -> bytes:
    """A field with a length: its key, its length, its bytes."""
    return _length(number << 3 | 2) + _length(len(data)) + data


def _length(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
