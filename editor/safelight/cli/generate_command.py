"""Generate command: ``safelight generate``, pictures from nothing, one or many."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from safelight import actions
from safelight.api import Declaration, ParameterError
from safelight.cli.command_options import add_running, settings_of
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.export_target import Target, tell_exported
from safelight.cli.filter_on_terminal import filtered
from safelight.cli.progress import ProgressBar
from safelight.cli.terminal import tell

METADATA = "metadata.jsonl"
"""A line of JSON for each picture beside it: what data sets of pictures are described by."""

SIZE = (1024, 1024)
LONGEST = 1 << 16  # pixels a side: a typing mistake rather than a picture
MOST = 1_000_000
DEPTHS = {8: "uint8", 16: "uint16", 32: "float32"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A picture that is wanted: where it goes, and what it is made with."""

    path: Path
    settings: dict[str, Any]


def generate(parser: Parser) -> Run:
    """``safelight generate GENERATOR OUT``: make a picture from nothing, or many."""
    parser.description = "Make a picture from nothing, or many. Each is marked as synthesised."
    parser.epilog = "`safelight apply GENERATOR --list` shows what a generator can be told."
    parser.add_argument(
        "generator", type=given, help="short name or id, as `safelight filters` lists them"
    )
    parser.add_argument(
        "output", nargs="?", type=file_name, metavar="OUT", help="the file to write"
    )
    parser.add_argument(
        "--size", type=_size, default=SIZE, metavar="WxH", help="pixels (default: 1024x1024)"
    )
    parser.add_argument("--seed", type=int, help="where chance starts; of many, the first one's")
    parser.add_argument("--count", type=_count, default=1, help="how many, each with another seed")
    parser.add_argument(
        "--output-dir",
        type=file_name,
        help=f"folder for them, and for {METADATA}, which describes them",
    )
    parser.add_argument("--format", default=".png", help="of those: .png, .jpg, .webp, .tif")
    parser.add_argument("--depth", type=int, choices=tuple(DEPTHS), default=8, help="bits")
    parser.add_argument("--overwrite", action="store_true", help="replace what exists")
    add_running(parser)
    return reported(partial(_generate, parser))


def _generate(parser: Parser, options: argparse.Namespace) -> int:
    if bool(options.output) == bool(options.output_dir):
        parser.error("name the file to write, or a folder with --output-dir")
    if options.count != 1 and not options.output_dir:
        parser.error("--count needs --output-dir")
    with actions.Studio(options.device, patience=options.patience) as studio:
        generator = studio.filter(options.generator)
        if not generator.generates:
            raise ParameterError(f"{generator.name} works on a picture: safelight apply")
        settings = settings_of(generator, options.set)
        wanted = list(_wanted(generator, settings, options))
        if options.output_dir is not None:
            _make_folder(options.output_dir, options.overwrite)
        choices = actions.ExportOptions(quality=options.quality)
        target = Target(wanted[0].path, choices, studio, options.overwrite)
        for item in wanted:
            replace(target, path=item.path).check(*options.size)
        return _make(generator, wanted, target, options)


def _make(
    generator: Declaration, wanted: list[_Wanted], target: Target, options: argparse.Namespace
) -> int:
    width, height = options.size
    blank = actions.Document(width, height, DEPTHS[options.depth], ())
    many = options.output_dir is not None
    bar = ProgressBar(
        f"{generator.title}: {len(wanted)}", sys.stderr, hidden=options.quiet or not many
    )
    lines: list[str] = []
    try:
        for number, item in enumerate(wanted):
            quiet = options.quiet or many
            result = filtered(target.studio, generator, item.settings, blank, quiet)
            if result is None:
                return 1
            exported = replace(target, path=item.path).export(result)
            lines.append(json.dumps(_facts(item, result), ensure_ascii=False))
            if many:
                bar.show((number + 1) / len(wanted), None)
            else:
                say(exported.notes)
                if not options.quiet:
                    tell_exported(exported, result)
    finally:
        bar.end()
        if many and lines:  # of what there is, if it was stopped
            _describe(options.output_dir / METADATA, lines, options.overwrite)
    if many and not options.quiet:
        tell(f"{options.output_dir}  {len(lines)} pictures, described in {METADATA}", done=True)
    return 0


def _make_folder(folder: Path, overwrite: bool) -> None:
    """A folder for many. Raises WriteError where there can be none, FileExists for another's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise actions.WriteError(f"{folder} cannot be made: {error.strerror}.") from None
    if not overwrite and (folder / METADATA).exists():
        raise actions.FileExists(f"{folder / METADATA} exists already.")


def _describe(path: Path, lines: list[str], overwrite: bool) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    actions.atomic_write(path, lambda file: file.write(data), overwrite=overwrite)


def _wanted(
    generator: Declaration, settings: Mapping[str, Any], options: argparse.Namespace
) -> Iterator[_Wanted]:
    """The pictures, each with a seed of its own."""
    seeds = [item.name for item in generator.parameters if item.kind == "seed"]
    if options.seed is not None and not seeds:
        raise ParameterError(f"{generator.name} has no seed")
    given = dict(settings)
    if options.seed is not None:
        given[seeds[0]] = options.seed
    if options.output_dir is None:
        yield _Wanted(options.output, generator.settings(given))
        return
    if options.count > 1 and not seeds:
        raise ParameterError(f"{generator.name} has no seed: all pictures would be the same")
    digits = len(str(options.count))
    for number in range(options.count):
        if seeds:
            seed = generator.parameter(seeds[0])
            given[seeds[0]] = (int(given[seeds[0]]) + bool(number)) % (int(seed.maximum or 0) + 1)
        name = f"{generator.name}-{number + 1:0{digits}}{options.format}"
        yield _Wanted(options.output_dir / name, generator.settings(given))


def _facts(item: _Wanted, result: actions.Document) -> dict[str, Any]:
    """What has to be known to make a picture again."""
    held = result.layers[-1].filter
    assert held is not None
    assert held.kept is not None
    return {
        "file_name": item.path.name,
        "synthesised": True,
        "generator": held.id,
        "plugin": f"{held.plugin} {held.version}".strip(),
        "width": result.width,
        "height": result.height,
        "settings": item.settings,
        "models": dict(held.kept.models),
    }


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().replace("×", "x").split("x")
    try:
        width, height = (int(part) for part in (parts * 2 if len(parts) == 1 else parts))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no size like 4096x4096") from None
    if not (1 <= width <= LONGEST and 1 <= height <= LONGEST):
        raise argparse.ArgumentTypeError(f"a side has 1 to {LONGEST} pixels, not {text}")
    return width, height


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of pictures, 1 to {MOST}")
    return int(text)
