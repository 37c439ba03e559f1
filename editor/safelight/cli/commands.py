"""The commands: thin, because the verbs are in ``safelight.actions``."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from safelight import __version__, actions
from safelight.api import Declaration, ParameterError, Value
from safelight.cli.group import parser_of
from safelight.cli.progress import ProgressBar
from safelight.document import edits
from safelight.pixels import DEPTHS, deeper

_FAILURES = (
    actions.OpenError,
    actions.ExportError,
    actions.WriteError,
    actions.WorkerDied,
)
_MISTAKES = (ParameterError, actions.UnknownFilter)


def reported(command: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Turn what can go wrong into one sentence on standard error and an exit status."""

    def run(words: list[str]) -> int:
        try:
            return command(words)
        except _MISTAKES as error:
            return _complain(error, 2)
        except actions.FileExists as error:
            return _complain(f"{error} On the command line: --overwrite.", 1)
        except _FAILURES as error:
            return _complain(error, 1)

    return run


def _complain(error: object, status: int) -> int:
    print(f"safelight: {error}", file=sys.stderr)
    return status


def _reload(studio: actions.Studio) -> None:
    """Load what authors have changed; what cannot be loaded is said."""
    for item in studio.reload():
        if item.fault:
            _complain(item.fault, 1)


@reported
def filters(words: list[str]) -> int:
    """``safelight filters``: what the installed plugins offer."""
    parser = parser_of("filters", "List the filters.")
    options = parser.parse_args(words[1:])
    with actions.Studio() as studio:
        _reload(studio)
        found, broken = studio.filters(), studio.broken()
    if options.json:
        print(_json([item.to_json() for item in found]))
    else:
        print("\n\n".join(_described(item) for item in found) or "No filter is installed.")
    for item in broken:
        print(f"safelight: {item.plugin} cannot be loaded: {item.reason}", file=sys.stderr)
    return 0


@reported
def formats(words: list[str]) -> int:
    """``safelight formats``: what Safelight and the installed plugins open and export."""
    parser = parser_of("formats", "List the formats.", "as JSON, those of plugins")
    options = parser.parse_args(words[1:])
    with actions.Studio() as studio:
        found = studio.formats()
    if options.json:
        print(_json([item.to_json() for item in found]))
        return 0
    for name, suffixes in actions.FORMATS.items():
        print(f"{name}  {' '.join(suffixes)}  opens and exports")
    for item in found:
        verb = "opens" if item.reads else "exports"
        print(f"{item.title}  {' '.join(item.suffixes)}  {verb}  ({item.plugin})")
    return 0


def _described(filter: Declaration) -> str:
    first = filter.description.split("\n\n")[0].replace("\n", " ")
    lines = [f"{filter.name}  ({filter.category})  {first}"]
    for item in filter.parameters:
        text = f"    --set {item.name}={item.text(item.default)}"
        lines.append(f"{text:32} {item.range_text()}{'; ' + item.help if item.help else ''}")
    return "\n".join(lines)


@reported
def apply(words: list[str]) -> int:
    """``safelight apply FILTER IN OUT``: run a filter on a photograph and export the result."""
    parser = _apply_parser()
    options = parser.parse_args(words[1:])
    with actions.Studio(options.device, patience=options.patience) as studio:
        _reload(studio)
        filter = studio.filter(options.filter)
        if options.list:
            print(_described(filter))
            return 0
        if options.input is None or options.output is None:
            parser.error("name the photograph and the file to write")
        settings = settings_of(filter, options.set)
        choices = actions.ExportOptions(
            quality=options.quality, depth=_depth(options.depth), metadata=options.metadata
        )
        opened = actions.open_picture(
            options.input, pixel_limit=options.pixel_limit, importers=studio.importers
        )
        say(opened.notes)
        document, factor = opened.document, filter.factor(settings)
        if options.mask is not None:
            mask = actions.read_mask(options.mask, document)
            document = replace(document, selection=mask)
        actions.check_export(  # before the work, not after it
            options.output,
            document.width * factor,
            document.height * factor,
            choices,
            overwrite=options.overwrite,
            exporters=studio.exporters,
        )
        deep = actions.depth_in_file(document, options.output, choices, exporters=studio.exporters)
        # Before the filter runs, so that what it makes is not rounded to fewer bits.
        document = edits.deepen(deeper(deep, document.depth)).apply(document)
        result = filtered(studio, filter, settings, document, options.quiet)
        if result is None:
            return 1
        exported = actions.export(
            result,
            options.output,
            choices,
            overwrite=options.overwrite,
            exporters=studio.exporters,
        )
    say(exported.notes)
    if not options.quiet:
        print(f"{exported.path}  {result.width} × {result.height} px  {file_size(exported.bytes)}")
    return 0


def add_running(parser: argparse.ArgumentParser) -> None:
    """The options of every command that runs a filter and exports what comes of it."""
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter's value"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--quality", type=int, help="JPEG and WebP, 1 to 100")
    parser.add_argument(
        "--patience", type=float, default=120.0, help="seconds a filter may be silent"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")


def _apply_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="safelight apply",
        description="Run a filter on a photograph and export the result.",
        epilog="`safelight apply FILTER --list` shows what a filter can be told.",
    )
    parser.add_argument("filter", help="short name or id, as `safelight filters` lists them")
    parser.add_argument("input", nargs="?", type=Path, metavar="IN", help="the photograph")
    parser.add_argument("output", nargs="?", type=Path, metavar="OUT", help="the file to write")
    parser.add_argument(
        "--mask", type=Path, metavar="FILE", help="where to work: a picture, white is selected"
    )
    parser.add_argument("--list", action="store_true", help="show the filter's parameters")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    parser.add_argument("--depth", choices=("same", "8", "16", "32"), default="same")
    parser.add_argument(
        "--metadata",
        choices=("all", "copyright", "none"),
        default="all",
        help="what to keep; the colour profile and the mark of synthesised pictures always stay",
    )
    parser.add_argument("--pixel-limit", type=int, help="largest picture to open, in pixels")
    add_running(parser)
    return parser


def settings_of(filter: Declaration, pairs: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise ParameterError(f"--set takes NAME=VALUE, not {pair!r}")
        settings[name] = filter.parameter(name).parse(text)
    return filter.settings(settings)


def filtered(
    studio: actions.Studio,
    filter: Declaration,
    settings: dict[str, Any],
    document: actions.Document,
    quiet: bool,
) -> actions.Document | None:
    """The document with the filter applied; None when it failed, which has been said."""
    bar = ProgressBar(filter.title, sys.stderr, hidden=quiet)
    measured: dict[str, Value] = {}

    def hear(event: actions.JobEvent) -> None:
        if isinstance(event, actions.JobProgress):
            bar.show(event.done, event.remaining)
        elif isinstance(event, actions.JobPrepared):
            measured.update(filter.measured(event.values))

    job = studio.start(filter, settings, document, listener=hear)
    try:
        outcome = job.wait()
    except KeyboardInterrupt:
        job.cancel()
        job.wait(5.0)
        raise
    finally:
        bar.end()
    if isinstance(outcome, actions.JobFailed):
        if outcome.details:
            print(outcome.details.rstrip(), file=sys.stderr)
        print(f"safelight: {outcome.message}", file=sys.stderr)
        return None
    if not quiet and job.device_label:
        print(f"{filter.title} ran on {job.device_label}", file=sys.stderr)
    if not quiet and isinstance(outcome, actions.JobFinished) and outcome.shrinks_back is not None:
        print(actions.fidelity(outcome.shrinks_back), file=sys.stderr)
    for name, value in () if quiet else measured.items():
        parameter = filter.parameter(name)
        print(
            f"{filter.title} measured: {parameter.title} {parameter.text(value)}", file=sys.stderr
        )
    result = job.edit().apply(document)
    return actions.shown_mask(result) if filter.selects else result


@reported
def info(words: list[str]) -> int:
    """``safelight info FILE``: size, depth, colours and metadata of a picture."""
    parser = parser_of("info", "Describe a picture.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--pixel-limit", type=int, help="largest picture to open, in pixels")
    options = parser.parse_args(words[1:])
    with actions.Studio() as studio:
        opened = actions.open_picture(
            options.file, pixel_limit=options.pixel_limit, importers=studio.importers
        )
    document = opened.document
    facts: dict[str, Any] = {
        "file": str(options.file),
        "format": opened.format,
        "width": document.width,
        "height": document.height,
        "depth": DEPTHS[document.depth],
        "alpha": document.has_alpha,
        "profile": document.profile.name,
        "metadata": actions.describe(document.metadata),
        "notes": list(opened.notes),
    }
    if options.json:
        print(_json(facts))
        return 0
    megapixels = document.width * document.height / 1e6
    print(f"{options.file}: {opened.format}, {document.width} × {document.height} px", end="")
    print(f" ({megapixels:.1f} MP), {DEPTHS[document.depth]}, {document.profile.name}", end="")
    print(", with alpha" if document.has_alpha else "")
    for name, value in facts["metadata"].items():
        print(f"  {name}: {value}")
    say(opened.notes)
    return 0


@reported
def doctor(words: list[str]) -> int:
    """``safelight doctor``: versions, and the device a live session really uses."""
    parser = parser_of("doctor", "Check the set-up.")
    options = parser.parse_args(words[1:])
    with actions.Studio() as studio:
        device = studio.device()
        count, broken = len(studio.filters()), studio.broken()
    facts: dict[str, Any] = {
        "safelight": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "onnxruntime": device.runtime,
        "device": device.label,
        "why_not_better": device.reason,
        "tried_with": device.model,
        "filters": count,
        "broken_plugins": {item.plugin: item.reason for item in broken},
    }
    both = [name for name in ("onnxruntime", "onnxruntime-gpu") if _version(name)]
    if len(both) == 2:
        facts["warning"] = "onnxruntime and onnxruntime-gpu are both installed: uninstall one"
    if options.json:
        print(_json(facts))
        return 0
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    print(f"Safelight {__version__}, Python {facts['python']}, {facts['platform']}")
    print(f"Packages: {packages}")
    print(f"ONNX Runtime: {device.runtime or 'not loaded'}")
    print(f"Device: {device.label}" + (f", because {device.reason}" if device.reason else ""))
    if device.model:
        print(f"Tried with a live session on {device.model}")
    print(f"Filters: {count}")
    for item in broken:
        print(f"Broken plugin {item.plugin}: {item.reason}")
    if "warning" in facts:
        print(f"Warning: {facts['warning']}")
    return 1 if broken or "warning" in facts else 0


_PACKAGES = ("PySide6-Essentials", "numpy", "pillow", "pluggy", "tifffile", "imagecodecs")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _depth(text: str) -> Any:
    return text if text == "same" else int(text)


def _json(facts: Any) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False)


def say(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"safelight: {note}", file=sys.stderr)


def file_size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
