"""Network plugin: a network that a user brings along becomes a plugin like anyone else's.

A wheel of a few files: a module with one filter, the network, its card.
"""

from __future__ import annotations

import base64
import hashlib
import json
import keyword
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safelight.actions.plugins.plugin_store import Installed, Network, StoreError
from safelight.files import atomic_write

PREFIX = "network-"
"""How the plugins' names begin."""

SUFFIX = ".onnx"
"""How the files' names end."""

VERSION = "1.0"
"""Of every such plugin: another network is another plugin."""

_TAKEN = ("api", "filters", "image", "job", "region", "mask", "layer", "picture", "second")
"""Names that mean something in the module already."""

_NO_LICENCE = "Not stated: ask whoever made it before you pass it on."
_MODULE = '''"""{summary}"""
{imports}
from safelight import api
{types}

@api.{kind}({title}, category={category}{scale})
def {name}(image: api.Image, job: api.Job{parameters}) -> api.{result}:
    """{summary}"""{before}
    return job.run({file}, image{inputs}){taken}


@api.hookimpl
def filters():
    return [{name}]
'''
_SECOND = {
    "aligned": (
        ', layer: Annotated[api.Layer, "A layer: the second picture, as it lies here"] = None',
        ', picture: Annotated[api.Picture, "Or a file, laid over the whole picture"] = None',
    ),
    "whole": (', picture: Annotated[api.Picture, "The second picture, seen whole"] = None',),
}
"""Parameters for a second picture, by how it goes in. Without one the network is given the picture
itself."""

_CHOSEN = {
    "aligned": "\n    second = picture if layer is None else layer",
    "whole": "\n    second = picture",
}
_STRENGTH = "\nStrength = Annotated[float, api.Number(0.0, 255.0, slider=(0.0, 1.0), step=0.01)]\n"
_COUNT = "\nCount = Annotated[int, api.Number(0, 255, slider=(0, 10))]\n"
_SORTS = {"bool": "bool = True", "int": "Count = 1", "float": "Strength = 0.5"}
"""Types and defaults of further inputs, by how numpy's names of their kinds begin."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was read of a network and found by running it. ``findings``: property, value, how.

    ``extras`` are further inputs, each a number, with their ranks, ``kinds`` what numpy calls those
    numbers. ``asks`` has, by property, what a person has to choose from, the likelier first.
    ``network`` is the file with all its numbers.
    """

    file: str
    findings: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]
    extras: Mapping[str, int]
    scale: int
    input: str
    output: str
    producer: str
    opset: int
    parameters: int
    bytes: int
    sha256: str
    metadata: Mapping[str, str]
    network: Path = field(repr=False, compare=False)
    kinds: Mapping[str, str] = field(default_factory=dict)
    asks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def found(self, key: str) -> str:
        """A finding's value, "" when there is none."""
        return next((value for name, value, _ in self.findings if name == key), "")

    def how(self, key: str) -> str:
        """How a finding is known, "" when there is none."""
        return next((how for name, _, how in self.findings if name == key), "")

    def to_json(self) -> dict[str, Any]:
        """What was found as plain data, fit for JSON."""
        return {
            "file": self.file,
            "findings": [
                {"property": key, "value": value, "how": how} for key, value, how in self.findings
            ],
            "notes": list(self.notes),
            "numbers": list(self.extras),
            "asks": {key: list(values) for key, values in self.asks.items()},
            **{"input": self.input, "output": self.output, "producer": self.producer},
            **{"opset": self.opset, "parameters": self.parameters},
            **{"bytes": self.bytes, "sha256": self.sha256},
        }


@dataclass(frozen=True, slots=True)
class Identity:
    """What a user says of a network. ``name`` becomes a part of the filter's permanent id."""

    name: str
    title: str
    category: str
    licence: str = ""
    training_data: str = ""

    @classmethod
    def of(
        cls,
        examined: Examined,
        name: str = "",
        *,
        title: str = "",
        category: str = "",
        licence: str = "",
        training_data: str = "",
    ) -> Identity:
        """An identity, with what is left out taken from the file. Raises StoreError."""
        said = examined.metadata
        stem = Path(examined.file).stem
        usual = "Size" if examined.scale > 1 else "Own"
        usual = "Repair" if examined.found("mask") else usual
        return cls(
            identifier(name or stem),
            _printable(title or name or said.get("safelight.title", "") or stem),
            _printable(category or ("Colour" if examined.found("result") == "ab" else usual)),
            _printable(licence or _first(said, "safelight.licence", "license", "licence")),
            _printable(training_data or _first(said, "safelight.training_data", "training_data")),
        )

    @property
    def plugin(self) -> str:
        """The plugin's name."""
        return PREFIX + self.name.replace("_", "-")

    @property
    def package(self) -> str:
        """The import package."""
        return self.plugin.replace("-", "_")


def is_own(plugin: Installed) -> bool:
    """Whether a plugin is a network that the user brought along."""
    return plugin.name.startswith(PREFIX) and plugin.source.endswith(SUFFIX)


def identifier(name: str) -> str:
    """A name as a part of an id: lower case letters, digits, ``_``. Raises StoreError."""
    made = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40].strip("_")
    if made[:1].isdigit():
        made = f"n{made}"
    if not made or keyword.iskeyword(made) or made in _TAKEN:
        raise StoreError(f"“{name}” is no name for a filter: use letters and digits.")
    return made


def properties(examined: Examined, identity: Identity) -> dict[str, str]:
    """The contract as metadata properties of the file (``safelight.*``)."""
    said = {key: value for key, value, _ in examined.findings}
    said |= {"contract": "1", "title": identity.title, "licence": identity.licence}
    said["training_data"] = identity.training_data
    return {f"safelight.{key}": value for key, value in said.items()}


def write_wheel(folder: Path, examined: Examined, identity: Identity, network: bytes) -> Path:
    """Write the plugin into ``folder``; ``network`` explains itself. Raises WriteError."""
    package, version = identity.package, VERSION
    record = f"{package}-{version}.dist-info"
    files = {
        f"{package}/__init__.py": module(examined, identity, f"{identity.name}.onnx").encode(),
        f"{package}/{identity.name}.onnx": network,
        f"{package}/card.md": card(examined, identity, network).encode(),
        f"{record}/METADATA": (
            f"Metadata-Version: 2.4\nName: {identity.plugin}\nVersion: {version}\n"
            f"Summary: {summary(identity)}\nRequires-Dist: safelight>=0.2,<1\n"
        ).encode(),
        f"{record}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: safelight\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{record}/entry_points.txt": f"[safelight]\n{identity.name} = {package}\n".encode(),
    }
    lines = [f"{name},sha256={_hash(data)},{len(data)}" for name, data in files.items()]
    files[f"{record}/RECORD"] = "\n".join([*lines, f"{record}/RECORD,,", ""]).encode()

    def write(file: Any) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

    target = folder / f"{package}-{version}-py3-none-any.whl"
    atomic_write(target, write, overwrite=True)
    return target


def card(examined: Examined, identity: Identity, network: bytes) -> str:
    """The model card, in the form of those of the built-in networks."""
    reach = examined.found("reach")
    lines = [
        *(f"# {identity.title}", "", f"Version 1. {summary(identity)}", ""),
        *("## Network", "", f"{_made(examined)} Takes {examined.input}; gives {examined.output}."),
        *("", "| file | size | parameters | reach | sha256 |", "|---|---|---|---|---|"),
        f"| `{identity.name}.onnx` | {len(network) / 1e6:.2f} MB | {examined.parameters:,} "
        f"| {reach} input pixels | `{hashlib.sha256(network).hexdigest()}` |",
        *("", "How pictures go through it:", "", "| | | how it is known |", "|---|---|---|"),
        *(
            f"| {key.replace('_', ' ')} | {value} | {how} |"
            for key, value, how in examined.findings
        ),
        *("", "## Measured", "", "Nothing but its speed can be measured without the pictures it"),
        f"was made for: `safelight models measure {identity.name}`.",
        *("", "## Training", ""),
        identity.training_data or "What it was trained on is not stated in the file.",
        *("", "## Limits", ""),
        *(f"- {note}" for note in examined.notes),
        "- It was added by a user; nobody of Safelight has looked at it.",
        *("", "## Licence", "", identity.licence or _NO_LICENCE, ""),
    ]
    return "\n".join(lines)


def module(examined: Examined, identity: Identity, file: str) -> str:
    """The plugin's module, as Python source; ``file`` is what the network is called beside it."""
    names = _parameters(examined.extras)
    sorts = {key: _sort(examined.kinds.get(key, "float32")) for key in names}
    parameters = "".join(f", {name}: {_SORTS[sorts[key]]}" for key, name in names.items())
    selects = examined.found("result") == "mask"
    counted = {"float": _STRENGTH, "int": _COUNT, "bool": ""}
    types = "".join(counted[sort] for sort in sorted(set(sorts.values())))
    values = [
        f"{_quoted(key)}: {'[' * rank}{names[key]}{']' * rank}"
        for key, rank in examined.extras.items()
    ]
    guide, fit = examined.found("guide"), examined.found("guide_fit")
    mask = ", mask: api.Mask" if examined.found("mask") else ""
    values += [f"{_quoted(examined.found('mask'))}: mask"] if mask else []
    values += [f"{_quoted(guide)}: image if second is None else second"] if guide else []
    parameters = mask + "".join(_SECOND[fit] if guide else ()) + parameters
    return _MODULE.format(
        summary=summary(identity).replace("\\", "").replace('"', "'"),
        imports="\nfrom typing import Annotated\n" if "Annotated[" in types + parameters else "",
        before=_CHOSEN[fit] if guide else "",
        types=types,
        kind="selector" if selects else "filter",
        result="Mask" if selects else "Image",
        taken="[..., 0]" if selects else "",
        title=_quoted(identity.title),
        category=_quoted(identity.category),
        scale=_scale(examined),
        name=identity.name,
        parameters=parameters,
        file=_quoted(file),
        inputs=f", **{{{', '.join(values)}}}" if values else "",
    )


def _scale(examined: Examined) -> str:
    """How the decorator says the scale, and what the filter is for where it makes pixels anew."""
    if examined.found("result") == "mask":
        return ""
    return ', purpose="restore"' if examined.found("mask") else f", scale={examined.scale}"


def _sort(kind: str) -> str:
    """The sort of a number, as ``_SORTS`` has it."""
    return next(sort for sort in _SORTS if kind.startswith(sort) or sort == "float")


def _quoted(text: str) -> str:
    """A text as Python source; what JSON writes is that too."""
    return json.dumps(text)


def _parameters(extras: Mapping[str, int]) -> dict[str, str]:
    """Names for the further inputs: their own where Python allows it."""
    try:
        own = {key: identifier(key) for key in extras}
    except StoreError:
        own = {}
    if len(set(own.values())) == len(extras):
        return own
    return {key: f"number_{index}" for index, key in enumerate(extras, 1)}


def describe(identity: Identity, network: bytes) -> Network:
    """The network as the plugin's record has it."""
    return Network(
        f"{identity.package}/{identity.name}.onnx",
        len(network),
        hashlib.sha256(network).hexdigest(),
        identity.licence,
        identity.training_data,
    )


def summary(identity: Identity) -> str:
    """What the plugin is, in one line."""
    return f"{identity.title}: a network of your own, as a filter."


def _made(examined: Examined) -> str:
    producer = _printable(examined.producer)
    return f"Exported by {producer}, opset {examined.opset}." if producer else ""


def _printable(text: str) -> str:
    """A text as one line that can be shown anywhere."""
    return "".join(item if item.isprintable() else " " for item in text).strip()[:400]


def _first(said: Mapping[str, str], *keys: str) -> str:
    return next((said[key] for key in keys if said.get(key)), "")


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
