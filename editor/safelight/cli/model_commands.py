"""Model commands: ``safelight models`` lists, checks, adds, removes and times the networks."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safelight import actions
from safelight.actions.plugins.plugin_store import Store, StoreError
from safelight.cli.command_parser import Command, Parser, Run, add_json, file_name, given, group
from safelight.cli.terminal import tell, tell_json

if TYPE_CHECKING:
    from safelight.actions.network_log import Entry
    from safelight.actions.plugins.network_candidate import Candidate
    from safelight.actions.plugins.network_plugin import Identity
    from safelight.actions.plugins.networks import Known

_ORDERS = {"rgb": "RGB", "bgr": "BGR", "y": "Y", "l": "L"}
_RANGES = {
    **{"1": "0..1", "255": "0..255", "100": "0..100", "signed": "-1..1"},
    **{"imagenet": "imagenet", "caffe": "caffe"},
}
_FITS, _GUIDES = ("windows", "whole", "change"), ("aligned", "whole")
_MASKS = ("0..1", "1..0", "0..255", "255..0")
_FAILURES = (
    *(StoreError, actions.WorkerDied, actions.OpenError),
    *(actions.ExportError, actions.FileExists, actions.WriteError),
)


def models(parser: Parser) -> Run:
    """``safelight models``: one of the commands below."""
    return group(parser, COMMANDS, _FAILURES)


def show(parser: Parser) -> Run:
    """``list``: every network, its size, hash, licence and what it was trained on."""
    parser.description = "List the networks that filters can run."
    add_json(parser)
    return _show


def _show(options: argparse.Namespace) -> int:
    from safelight.actions.plugins.networks import known

    found = known(Store().installed())
    if options.json:
        tell_json([item.to_json() for item in found])
        return 0
    for item in found:
        tell(f"{item.name}  {item.size / 1e6:.2f} MB  {item.plugin}")
        tell(f"  sha256 {item.sha256}")
        tell(f"  {item.licence or 'no licence named'}")
        tell(f"  trained on: {item.training_data or 'not named'}")
        tell(*_vouched(item))
    return 0


def _vouched(item: Known) -> list[str]:
    """Who signed a network, and whether it can be unlocked here."""
    from safelight.actions.plugins.signatures import key_name
    from safelight.workers.locked_network import keys_folder

    lines = [f"  signed by the key {key_name(item.key)}"] if item.key else []
    lines += [f"  {item.fault}"] if item.fault else []
    if item.locked:
        here = "here" if (keys_folder() / f"{item.locked}.key").exists() else "not here"
        lines.append(f"  encrypted with the key {item.locked}, which is {here}")
    return lines


def verify(parser: Parser) -> Run:
    """``verify``: compare every network with the hash it came with."""
    parser.description = "Compare the networks with their hashes."
    add_json(parser)
    return _verify


def _verify(options: argparse.Namespace) -> int:
    from safelight.actions.plugins.networks import known

    found = known(Store().installed())
    if options.json:
        tell_json([item.to_json() for item in found])
    else:
        said = {True: "intact", None: "no hash was recorded", False: "CHANGED OR DAMAGED"}
        for item in found:
            tell(f"{item.name} ({item.plugin}): {said[item.intact]}", *_vouched(item))
    return 1 if any(item.intact is False for item in found) else 0


def add(parser: Parser) -> Run:
    """``add FILE``: read and probe a network, show what was found, install it as a filter."""
    parser.description = "Make a filter of an ONNX network of your own."
    add_json(parser)
    parser.add_argument("file", type=file_name, metavar="FILE")
    parser.add_argument("--dry-run", action="store_true", help="show what was found, no more")
    parser.add_argument(
        "--preview",
        nargs=2,
        type=file_name,
        metavar=("IN", "OUT"),
        help="write the middle of a photograph, before and after, as a picture",
    )
    for name, text in (
        ("name", "what the filter is called on the command line (the file's name)"),
        ("title", "what it is called in the window"),
        ("category", "the menu it is in"),
        ("licence", "the network's licence"),
        ("training-data", "what it was trained on"),
    ):
        parser.add_argument(f"--{name}", default="", help=text)
    add_known(parser)
    return _add


def add_known(parser: Parser) -> None:
    """The options by which a person says what is probed otherwise; ``known_of`` reads them."""
    said = parser.add_argument_group("what is probed unless you say it")
    said.add_argument("--layout", choices=("nchw", "nhwc", "chw", "hwc"), help="order of the axes")
    said.add_argument("--order", choices=tuple(_ORDERS), help="what the input channels are")
    said.add_argument("--range", choices=tuple(_RANGES), help="what white is in the input")
    said.add_argument(
        "--result",
        choices=("rgb", "bgr", "y", "grey", "ab", "mask"),
        help="what the result's channels are; a mask selects",
    )
    said.add_argument("--result-range", choices=("1", "255", "signed"), help="white in the result")
    said.add_argument("--fit", choices=_FITS, help="how a picture comes to the one size it takes")
    said.add_argument("--mask", default="", metavar="INPUT", help="the input that is a mask")
    said.add_argument("--mask-range", choices=_MASKS, help="what a mask has outside..inside")
    said.add_argument(
        "--guide", default="", metavar="INPUT", help="the input that is a second picture"
    )
    said.add_argument(
        "--guide-fit", choices=_GUIDES, help="it lies on the first pixel by pixel, or is seen whole"
    )
    for name, text in (
        ("reach", "pixels around its own that a result pixel depends on"),
        ("multiple", "what the sides have to be a multiple of"),
        ("least", "the shortest side it takes"),
    ):
        said.add_argument(f"--{name}", type=_length, help=text)


def _length(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is no number of pixels")
    return int(text)


def known_of(options: argparse.Namespace) -> dict[str, str]:
    """What the user has decided, by the names of the metadata properties."""
    said = {
        "layout": (options.layout or "").upper(),
        "channels": _ORDERS.get(options.order, ""),
        "range": _RANGES.get(options.range, ""),
        "result": {"rgb": "RGB", "bgr": "BGR", "y": "Y"}.get(options.result, options.result or ""),
        "result_range": _RANGES.get(options.result_range, ""),
        **{"fit": options.fit, "mask": options.mask, "mask_range": options.mask_range},
        **{"guide": options.guide, "guide_fit": options.guide_fit},
    }
    lengths = {name: getattr(options, name) for name in ("reach", "multiple", "least")}
    said |= {name: str(length) for name, length in lengths.items() if length is not None}
    return {name: text for name, text in said.items() if text}


def _answers(found: dict[str, Any]) -> list[str]:
    """The options that answer what is asked, one line each."""
    lines = []
    for key, values in found["asks"].items():
        option = {"channels": "order"}.get(key, key).replace("_", "-")
        words = {"channels": _ORDERS, "range": _RANGES}.get(key, {})
        spelt = {value: word for word, value in words.items()}
        said = " or ".join(f"--{option} {spelt.get(value, value)}" for value in values)
        lines.append(f"  asked: {said}")
    return lines


def _add(options: argparse.Namespace) -> int:
    from safelight.actions.plugins.network_candidate import Candidate
    from safelight.actions.plugins.network_plugin import Identity

    with actions.Studio() as studio:
        store, reserved = studio.store, studio.offers().built_in
        with Candidate(
            store, options.file, given=known_of(options), reserved=reserved
        ) as candidate:
            examined = candidate.examine()
            words = {name: getattr(options, name) for name in ("title", "category", "licence")}
            identity = Identity.of(
                examined, options.name, training_data=options.training_data, **words
            )
            if not options.json:
                tell(*_told(examined.to_json()))
            if options.preview:
                _preview(candidate, identity, *options.preview)
            plugin = None if options.dry_run else candidate.add(identity)
    data = {"examined": examined.to_json(), "plugin": plugin.to_json() if plugin else None}
    if options.json:
        tell_json(data, done=plugin is not None)
    elif plugin is not None:
        tell(f"Added as the filter {identity.title}: safelight apply {identity.name} …", done=True)
    return 0


def _preview(candidate: Candidate, identity: Identity, photo: Path, target: Path) -> None:
    from safelight.actions.plugins.network_candidate import middle, side_by_side

    document = actions.open_picture(photo).document
    region = middle(document)
    after = candidate.preview(identity, document, region)
    actions.export(side_by_side(document, region, after), target)


def _told(found: dict[str, Any]) -> list[str]:
    """What was found, to be read."""
    lines = [
        f"{found['file']}: {found['bytes'] / 1e6:.2f} MB, {found['parameters']:,} parameters",
        f"  takes {found['input']}",
        f"  gives {found['output']}",
    ]
    lines += [
        f"  {item['property'].replace('_', ' '):14}{item['value']:10}{item['how']}"
        for item in found["findings"]
    ]
    return [*lines, *found["notes"], *_answers(found)]


def remove(parser: Parser) -> Run:
    """``remove NAME``: remove a network of your own and its filter."""
    parser.description = "Remove a network of your own and its filter."
    add_json(parser)
    parser.add_argument("name", type=given)
    return _remove


def _remove(options: argparse.Namespace) -> int:
    from safelight.actions.plugins import networks

    plugin = networks.remove(Store(), options.name)
    if options.json:
        tell_json({"removed": plugin.name}, done=True)
    else:
        tell(f"{plugin.name} is gone.", done=True)
    return 0


def measure(parser: Parser) -> Run:
    """``measure [NAME]``: megapixels a second on this machine, through the filters."""
    parser.description = "Time the networks on this machine."
    add_json(parser)
    parser.add_argument("name", nargs="?", default="", help="a network or filter (all)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return _measure


def _measure(options: argparse.Namespace) -> int:
    from safelight.actions.plugins import networks

    found = []
    with actions.Studio(options.device) as studio:
        for speed in networks.measure(studio, options.name):
            found.append(speed)
            if not options.json:
                rate = f"{speed.megapixels:.3g} megapixels of input a second"
                tell(f"{speed.network}  {rate}  {speed.device}")
    if options.json:
        tell_json([item.to_json() for item in found])
    if options.name and not found:
        raise StoreError(f"No filter runs a network called {options.name}.")
    return 0


def lock(parser: Parser) -> Run:
    """``lock FILE OUT --key KEY``: encrypt a network for a buyer."""
    parser.description = (
        "Encrypt a network for a buyer (AES-256-GCM). Put OUT into the buyer's plugin under the"
        " network's name, and give the key to nobody else: who has it can decrypt the network."
    )
    add_json(parser)
    parser.add_argument("file", type=file_name, metavar="FILE")
    parser.add_argument("out", type=file_name, metavar="OUT")
    parser.add_argument(
        "--key", type=file_name, required=True, help="the buyer's key; made where there is none"
    )
    parser.add_argument("--buyer", default="", help="whom a key that is made is for")
    parser.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")
    return _lock


def _lock(options: argparse.Namespace) -> int:
    from safelight.actions.plugins.network_keys import lock_network

    given, rest = (options.file, options.key, options.out), {"buyer": options.buyer}
    key = lock_network(*given, **rest, overwrite=options.overwrite)
    if options.json:
        tell_json({"file": str(options.out), "key": key.id, "buyer": key.buyer}, done=True)
    else:
        whom = f", for {key.buyer}" if key.buyer else ""
        tell(f"{options.out} is encrypted with the key {key.id} in {options.key}{whom}.", done=True)
    return 0


def add_key(parser: Parser) -> Run:
    """``add-key FILE``: keep the key of an encrypted network."""
    parser.description = "Keep a key that an author gave you, so that the network can be run."
    add_json(parser)
    parser.add_argument("file", type=file_name, metavar="FILE")
    return _add_key


def _add_key(options: argparse.Namespace) -> int:
    from safelight.actions.plugins.network_keys import add_key as keep

    key = keep(options.file)
    if options.json:
        tell_json({"key": key.id, "buyer": key.buyer}, done=True)
    else:
        tell(
            f"The key {key.id} is kept: networks that are locked with it run from now on.",
            done=True,
        )
    return 0


def log(parser: Parser) -> Run:
    """``log``: which network saw which document, when; export or delete it."""
    parser.description = (
        "Show which network saw which document, when, in which version, on this machine."
    )
    add_json(parser)
    parser.add_argument("--document", default="", help="only documents whose name has this in it")
    parser.add_argument("--export", type=file_name, metavar="FILE", help="write all of it to FILE")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.add_argument("--delete", action="store_true", help="forget all of it (after --export)")
    return _log


def _log(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from safelight.actions.network_log import NetworkLog, verdict

    kept = NetworkLog()
    try:
        entries = kept.entries()
        if options.export:
            kept.export(options.export, overwrite=options.overwrite)
    except OSError as error:
        raise StoreError(f"The log cannot be read: {error.strerror}.") from None
    if options.delete:
        kept.delete()
    said = verdict(entries)
    shown = [item for item in entries if options.document.casefold() in item.document.casefold()]
    changing = options.delete or options.export is not None
    if options.json:
        tell_json({"verdict": said, "entries": [asdict(item) for item in shown]}, done=changing)
    elif changing:
        done = [f"{len(entries):,} entries are in {options.export}."] if options.export else []
        tell(*done, *(["The log is deleted."] if options.delete else []), done=True)
    else:
        for item in shown:
            tell(*_noted(item))
        tell(said)
    return 0 if all(item.intact for item in entries) else 1


def _noted(entry: Entry) -> list[str]:
    """An entry of the log, to be read."""
    part = "x".join(map(str, (entry.width, entry.height)))
    if entry.part:
        part += " at {},{} {}x{}".format(*entry.part)
    lines = [
        f"{entry.number}  {entry.time}  {entry.document or 'a document without a name'}  {part}",
        f"  {entry.network} {entry.sha256[:16]}  {entry.filter} ({entry.plugin} {entry.version})",
    ]
    return [*lines, *(f"  {entry.remark}" for _ in range(bool(entry.remark)))]


COMMANDS = {
    "list": Command(
        "", "every network, its hash, licence and training data", "model_commands", "show"
    ),
    "verify": Command("", "compare every network with the hash it came with", "model_commands"),
    "add": Command("FILE", "probe a network, show what was found, install it", "model_commands"),
    "remove": Command("NAME", "remove a network of your own and its filter", "model_commands"),
    "lock": Command("FILE OUT --key KEY", "encrypt a network for a buyer", "model_commands"),
    "add-key": Command("FILE", "keep the key of an encrypted network", "model_commands", "add_key"),
    "log": Command("", "which network saw which document, when", "model_commands"),
    "measure": Command("[NAME]", "megapixels a second on this machine", "model_commands"),
}
"""Every command about networks, in the order of the help."""
