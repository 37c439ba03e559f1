"""Batch command: ``safelight run``: a recipe done to many files."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from safelight import actions
from safelight.actions.batch.batch_journal import BatchError
from safelight.actions.batch.batch_sources import openable_endings, pictures_in
from safelight.actions.batch.run_batch import (
    Batch,
    Order,
    Report,
    Work,
    by_studio,
    ordered,
    planned,
    usual_jobs,
    watched,
)
from safelight.actions.recipes import Recipe, RecipeError, check_recipe, read_recipe
from safelight.actions.recipes.ready_recipes import ready_recipes
from safelight.api import Value
from safelight.cli.basic_commands import reload
from safelight.cli.command_options import add_exporting, add_running, opening_of, told_of
from safelight.cli.command_outcome import reported, say
from safelight.cli.command_parser import Parser, Run, file_name, given
from safelight.cli.export_target import tell_processed
from safelight.cli.progress import ProgressBar
from safelight.cli.terminal import complain, note, tell

if TYPE_CHECKING:
    from safelight.actions.batch.cluster_work import Cluster

INTERRUPTED = 128 + signal.SIGINT

_MOST_JOBS = 64


def run(parser: Parser) -> Run:
    """``safelight run RECIPE IN…``: do what a recipe says to pictures and projects."""
    parser.description = "Do what a recipe says to many pictures."
    parser.epilog = (
        "The exit status is 0 when every picture is done, 1 when some failed, 2 for a recipe that"
        f" cannot be used, {INTERRUPTED} when it was stopped."
    )
    parser.add_argument(
        "recipe",
        type=given,
        metavar="RECIPE",
        help="a recipe's file, as JSON, or the name of one that comes with Safelight",
    )
    parser.add_argument(
        "inputs",
        nargs="*",
        type=file_name,
        metavar="IN",
        help="pictures, projects, folders of them; - reads names from standard input, one a line",
    )
    parser.add_argument("--output-dir", type=file_name, required=True, metavar="DIR")
    parser.add_argument(
        "--pattern",
        type=given,
        metavar="TEXT",
        help="names of what is written, without ending: {name}, {number}, {taken}, {width}, …",
    )
    parser.add_argument("--format", type=given, metavar="NAME", help="JPEG, PNG, TIFF, AVIF, …")
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what the recipe leaves open",
    )
    parser.add_argument("--jobs", type=_count, metavar="N", help="pictures at once")
    parser.add_argument(
        "--resume", action="store_true", help="go on where a run that was stopped or killed was"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="tell what would be written, and write nothing"
    )
    parser.add_argument(
        "--json", action="store_true", help="a line of JSON for each picture, as it is done"
    )
    parser.add_argument(
        "--watch", type=file_name, metavar="FOLDER", help="go on with what comes into a folder"
    )
    parser.add_argument(
        "--sidecar",
        action="store_true",
        help="read a picture's .xmp file, if there is one, and write one beside what comes of it",
    )
    parser.add_argument(
        "--cluster",
        type=given,
        metavar="ADDRESS",
        help="have a Dask scheduler's workers do it, as tls://one:8786; they share the folders",
    )
    add_exporting(parser)
    add_running(parser)
    return reported(partial(_run, parser))


def _run(parser: Parser, options: argparse.Namespace) -> int:
    if options.set:
        parser.error("a recipe has its own settings: --set is for apply, --answer for a recipe")
    if bool(options.inputs) == (options.watch is not None):
        parser.error("name pictures, or a folder to --watch")
    if options.watch is not None and (fault := _watch_fault(options.watch, options.output_dir)):
        return complain(fault, 2)
    with actions.Studio(options.device, patience=options.patience) as studio:
        reload(studio)
        try:
            order = _order(studio, options)
        except (actions.ExportError, ValueError) as error:
            return complain(error, 2)
        if options.dry_run:
            return _tell_plan(order, _sources(options.inputs, openable_endings(studio)), options)
        try:
            if options.cluster is None:
                jobs = options.jobs or usual_jobs()
                return _carry_out(order, studio, by_studio(studio), jobs, options)
            with _cluster(order, options) as cluster:
                jobs = options.jobs or cluster.at_once
                return _carry_out(order, studio, cluster.work(studio), jobs, options)
        except BatchError as error:
            return complain(error)


def _cluster(order: Order, options: argparse.Namespace) -> Cluster:
    """The workers of other machines. Raises BatchError."""
    if not order.named_beforehand:
        raise BatchError(
            "On a cluster a file is named before its picture is made: without {width}, {height} and"
            " {taken}."
        )
    try:
        from safelight.actions.batch.cluster_work import Cluster
    except ImportError:
        raise BatchError(
            "A cluster needs Dask: pip install 'safelight[cluster]' on every machine."
        ) from None
    return Cluster(options.cluster, device=options.device)


def _order(studio: actions.Studio, options: argparse.Namespace) -> Order:
    """What is to be done, as the options say. Raises ExportError, ValueError, RecipeError too."""
    path = Path(options.recipe)
    if not path.exists() and options.recipe in (ready := ready_recipes()):
        path = ready[options.recipe]
    recipe = read_recipe(path)
    recipe = recipe.answered(_answers(recipe, options.answer))
    check_recipe(recipe, studio.filter)
    said = told_of(options)
    said |= {"format": options.format} if options.format else {}
    return ordered(
        recipe,
        options.output_dir,
        studio,
        pattern=options.pattern,
        said=said,
        overwrite=options.overwrite,
        opening=opening_of(options),
    )


def _answers(recipe: Recipe, pairs: list[str]) -> dict[str, Value]:
    """What NAME=VALUE pairs say of what a recipe leaves open, each of its default's type."""
    found: dict[str, Value] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise RecipeError(f"--answer takes NAME=VALUE, not {pair!r}.")
        usual = recipe.open[name].default if name in recipe.open else ""
        if isinstance(usual, str):
            found[name] = text
            continue
        try:
            value = json.loads({"on": "true", "off": "false"}.get(text, text))
        except ValueError:
            value = None
        alike = isinstance(value, bool) == isinstance(usual, bool)
        if not alike or not isinstance(value, (bool, int, float)):
            raise RecipeError(
                f"{name} is {'on or off' if isinstance(usual, bool) else 'a number'}."
            )
        found[name] = value
    return found


def _carry_out(
    order: Order, studio: actions.Studio, work: Work, jobs: int, options: argparse.Namespace
) -> int:
    endings = openable_endings(studio)
    sources = _sources(options.inputs, endings)
    streamed = "-" in map(str, options.inputs)
    total = 0 if streamed else sum(1 for _ in _sources(options.inputs, endings))
    batch = Batch(order, sources, work, jobs=jobs, resume=options.resume)
    if options.watch is not None:
        batch.feed(watched(options.watch, batch.stop, endings))
    bar = ProgressBar(order.recipe.name or "Batch", sys.stderr, hidden=options.quiet)
    status = done = 0
    try:
        with closing(iter(batch)) as reports:
            for report in reports:
                done += 1
                bar.end()
                status = max(status, _tell(report, options))
                if total:
                    bar.show(min(done / total, 1.0), None)
    except KeyboardInterrupt:
        return complain("stopped; with --resume the batch goes on", INTERRUPTED)
    finally:
        bar.end()
    if batch.ended_early:
        return complain(batch.ended_early)
    return status


def _tell(report: Report, options: argparse.Namespace) -> int:
    if options.json:
        _tell_line(report)
    elif report.state == "failed":
        complain(f"{report.source}: {report.reason.rstrip('.')}.")
    elif report.processed is not None:
        say(report.processed.notes)
        if not options.quiet:
            tell_processed(report.processed)
    elif not options.quiet:
        note(f"{report.target} is there already")
    return int(report.state == "failed")


def _tell_line(report: Report) -> None:
    data: dict[str, object] = {
        "number": report.number,
        "source": os.fsdecode(report.source),
        "state": report.state,
        "target": None if report.target is None else os.fsdecode(report.target),
        "seconds": round(report.seconds, 3),
    }
    data |= {"reason": report.reason} if report.reason else {}
    if report.processed is not None:
        made = report.processed
        data |= {"width": made.width, "height": made.height, "bytes": made.bytes}
        data |= {"notes": list(made.notes)} if made.notes else {}
    tell(json.dumps(data, ensure_ascii=True), done=True)


def _tell_plan(order: Order, sources: Iterable[Path], options: argparse.Namespace) -> int:
    status = 0
    for report in planned(order, sources):
        status = max(status, int(report.state == "failed"))
        if options.json:
            _tell_line(report)
        else:
            what = f"  ({report.reason.rstrip('.')})" if report.reason else ""
            tell(f"{report.source} -> {report.target}{what}")
    return status


def _sources(inputs: list[Path], endings: set[str]) -> Iterator[Path]:
    """The files that are named, the pictures of folders, and those that standard input names."""
    for path in inputs:
        if str(path) == "-":
            for line in sys.stdin.buffer:
                if name := line.rstrip(b"\r\n"):
                    yield Path(os.fsdecode(name))
        elif path.is_dir():
            yield from pictures_in(path, endings)
        else:
            yield path


def _watch_fault(folder: Path, output: Path) -> str:
    """Why a folder cannot be watched; "" where it can."""
    if not folder.is_dir():
        return f"{folder} is no folder that could be watched."
    if folder.resolve() == output.resolve():
        return f"What is written into {output} would be seen there as new; choose another folder."
    return ""


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_MOST_JOBS}")
    return int(text)
