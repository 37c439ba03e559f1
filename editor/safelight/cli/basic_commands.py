"""Basic commands: ``safelight filters``, ``formats``, ``info`` and ``doctor``."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight import __version__, actions
from safelight.actions.opened_file import opened_project
from safelight.api import Declaration, Parameter
from safelight.cli.command_options import (
    add_opening,
    opened_as_told,
)
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, add_json, file_name
from safelight.cli.terminal import complain, tell, tell_json
from safelight.pixels import DEPTHS


def reload(studio: actions.Studio) -> None:
    """Load what authors have changed; what cannot be loaded is said."""
    for item in studio.reload():
        if item.fault:
            complain(item.fault, 1)


def filters(parser: Parser) -> Run:
    """``safelight filters``: what the installed plugins offer."""
    parser.description = "List the filters."
    add_json(parser)
    return _filters


@reported
def _filters(options: argparse.Namespace) -> int:
    with actions.Studio() as studio:
        reload(studio)
        offers = studio.offers()
    if options.json:
        tell_json([item.to_json() for item in offers.filters])
    else:
        lines = [line for item in offers.filters for line in ("", *filter_lines(item))]
        tell(*(lines[1:] or ["No filter is installed."]))
    for item in offers.broken:
        complain(f"{item.plugin} cannot be loaded: {item.reason}")
    return 0


def formats(parser: Parser) -> Run:
    """``safelight formats``: what Safelight and the installed plugins open and export."""
    parser.description = "List the formats."
    add_json(parser, "as JSON, those of plugins")
    return _formats


@reported
def _formats(options: argparse.Namespace) -> int:
    with actions.Studio() as studio:
        found = studio.offers().formats
    if options.json:
        tell_json([item.to_json() for item in found])
        return 0
    for codec in actions.CODECS:
        verb = "opens and exports" if codec.exports else "opens"
        layers = ", with its layers" if codec.layers else ""
        tell(f"{codec.name}  {' '.join(codec.suffixes)}  {verb}{layers}")
        tell(f"    {_held(codec)}")
        _tell_options("set", codec.options)
        _tell_options("develop", codec.opening)
    for item in found:
        verb = "opens" if item.reads else "exports"
        tell(f"{item.title}  {' '.join(item.suffixes)}  {verb}  ({item.plugin})")
        _tell_options("set", item.options)
    return 0


def _tell_options(word: str, options: Iterable[Parameter]) -> None:
    """Say what a format can be told by ``--set`` or ``--develop``."""
    for option in options:
        help = f"{option.range_text()}{'; ' + option.help if option.help else ''}"
        value = option.text(option.default)
        shown = f'"{option.name}={value}"' if " " in value else f"{option.name}={value}"
        tell(f"    --{word} {shown}  {help}")


def _held(codec: actions.Codec) -> str:
    """What files of a format hold of a photograph, as far as Safelight reads or writes them."""
    bits = [DEPTHS[depth] for depth in codec.depths]
    held = [", ".join(bits)]
    if codec.exports and codec.write is not None:
        has_colours = codec.profiles or codec.primaries
        as_xmp = "xmp" in codec.holds and "iptc" not in codec.holds
        kept = [
            ("transparency", codec.alpha),
            ("grey", codec.grey),
            ("the profile's primaries" if codec.primaries else "profile", has_colours),
            *([("camera, date, place and texts", True)] if "shot" in codec.holds else []),
            ("EXIF", "exif" in codec.holds),
            ("XMP", "xmp" in codec.holds),
            # What people say in IPTC goes into XMP where that is all there is.
            ("IPTC as XMP" if as_xmp else "IPTC", as_xmp or "iptc" in codec.holds),
        ]
        held.append("keeps " + (", ".join(name for name, there in kept if there) or "colour alone"))
        lost = [name for name, there in kept if not there and name != "grey"]
        if lost:
            held.append("loses " + ", ".join(lost))
        held.append(_exactness(codec))
        if codec.largest_side:
            held.append(f"at most {codec.largest_side} pixels a side")
    return "; ".join(held)


def _exactness(codec: actions.Codec) -> str:
    """Whether the pixels come back as they were."""
    usual = codec.settings({})
    exact = [depth for depth in codec.depths if codec.exact(usual, depth)]
    if len(exact) == len(codec.depths):
        return "exact"
    if "lossless" not in usual:
        return "changes the pixels a little"
    exact = [depth for depth in codec.depths if codec.exact(usual | {"lossless": True}, depth)]
    deep = "" if len(exact) == len(codec.depths) else " in " + DEPTHS[exact[-1]]
    return f"exact{deep} with lossless, else changes the pixels a little"


def filter_lines(filter: Declaration) -> list[str]:
    """A filter and what it can be told, a line each."""
    first = filter.description.split("\n\n")[0].replace("\n", " ")
    lines = [f"{filter.name}  ({filter.category})  {first} [{filter.purpose}]"]
    for item in filter.parameters:
        text = f"    --set {item.name}={item.text(item.default)}"
        lines.append(f"{text:32} {item.range_text()}{'; ' + item.help if item.help else ''}")
    return lines


def info(parser: Parser) -> Run:
    """``safelight info FILE``: size, depth, colours and metadata of a picture."""
    parser.description = "Describe a picture."
    add_json(parser)
    parser.add_argument("file", type=file_name)
    add_opening(parser)
    return _info


@reported
def _info(options: argparse.Namespace) -> int:
    history, form = None, "Safelight project"
    notes: list[str] = []
    if actions.is_project(options.file):
        project, history = opened_project(options.file, pixel_limit=options.pixel_limit)
        project.close()
        notes += project.notes
        document = history.document
        told: Mapping[str, str] = actions.describe(document.metadata)
    else:
        with actions.Studio() as studio:
            opened = opened_as_told(options.file, options, studio)
        document, told = opened.document, opened.facts
        form, notes = opened.format, list(opened.notes)
    facts: dict[str, Any] = {
        "file": str(options.file),
        "format": form,
        "width": document.width,
        "height": document.height,
        "depth": DEPTHS[document.depth],
        "alpha": document.has_alpha,
        "profile": document.profile.name,
        "untagged": document.profile.icc is None,
        "metadata": dict(told),
        "notes": notes,
    }
    signed = actions.credentials_of(Path(options.file))
    if signed is not None:
        facts["credentials"] = signed
    if history is not None:
        facts["layers"] = [layer.name for layer in document.walk()]
        facts["steps"] = [step.label for step in history.steps]
    if options.json:
        tell_json(facts)
        return 0
    megapixels = document.width * document.height / 1e6
    tell(
        f"{options.file}: {form}, {document.width} × {document.height} px"
        f" ({megapixels:.1f} MP), {DEPTHS[document.depth]}, {document.profile.title}"
        + (", with alpha" if document.has_alpha else "")
    )
    for name, value in facts["metadata"].items():
        tell(f"  {name}: {value}")
    for name in ("layers", "steps") if history is not None else ():
        tell(f"  {name}: {', '.join(facts[name])}")
    for line in facts.get("credentials", ()):
        tell(f"  content credentials: {line}")
    say(notes)
    return 0


def doctor(parser: Parser) -> Run:
    """``safelight doctor``: versions, and the device a live session really uses."""
    parser.description = "Check the set-up."
    add_json(parser)
    return _doctor


@reported
def _doctor(options: argparse.Namespace) -> int:
    from safelight.workers.confinement.sandbox import available, calls_in_force

    with actions.Studio() as studio:
        device = studio.device()
        offers = studio.offers()
    facts: dict[str, Any] = {
        "safelight": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "onnxruntime": device.runtime,
        "device": device.label,
        "why_not_better": device.reason,
        "tried_with": device.model,
        "protection": available().sentence(),
        "system_calls": calls_in_force(),
        "filters": len(offers.filters),
        "broken_plugins": {item.plugin: item.reason for item in offers.broken},
    }
    both = [name for name in ("onnxruntime", "onnxruntime-gpu") if _version(name)]
    if len(both) == 2:
        facts["warning"] = "onnxruntime and onnxruntime-gpu are both installed: uninstall one"
    if options.json:
        tell_json(facts)
        return 0
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    tell(f"Safelight {__version__}, Python {facts['python']}, {facts['platform']}")
    tell(f"Packages: {packages}")
    tell(f"ONNX Runtime: {device.runtime or 'not loaded'}")
    tell(f"Device: {device.label}" + (f", because {device.reason}" if device.reason else ""))
    if device.model:
        tell(f"Tried with a live session on {device.model}")
    tell(f"Protection: {facts['protection']} System calls: {facts['system_calls']}.")
    tell(f"Filters: {len(offers.filters)}")
    for item in offers.broken:
        tell(f"Broken plugin {item.plugin}: {item.reason}")
    if "warning" in facts:
        tell(f"Warning: {facts['warning']}")
    return 1 if offers.broken or "warning" in facts else 0


_PACKAGES = ("PySide6-Essentials", "numpy", "pillow", "pluggy", "tifffile", "imagecodecs")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
