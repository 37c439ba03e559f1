"""Plugin commands: ``safelight plugins`` lists, installs, switches, updates and removes them."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from safelight import actions
from safelight.actions.plugins.declared_files import missing
from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.installer import Installer, fetch_missing
from safelight.actions.plugins.network_plugin import is_own
from safelight.actions.plugins.plugin_bundle import bundle
from safelight.actions.plugins.plugin_index import BUNDLE, INDEX, read_index, source_of, write_index
from safelight.actions.plugins.plugin_index import search as search_entries
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.actions.plugins.signatures import key_name, sign, told
from safelight.cli.command_parser import Command, Parser, Run, add_json, file_name, given, group
from safelight.cli.terminal import complain, tell, tell_json
from safelight.workers.wire.replies import visible


def plugins(parser: Parser) -> Run:
    """``safelight plugins``: one of the commands below."""
    return group(parser, COMMANDS, (StoreError, actions.WriteError, actions.WorkerDied))


def show(parser: Parser) -> Run:
    """``list``: the plugins of the store, and what holds them back here."""
    parser.description = "List the plugins that were installed."
    add_json(parser)
    return _list


def _list(options: argparse.Namespace) -> int:
    from safelight.workers.confinement.sandbox import available

    found, protection = Store().installed(), available()
    if options.json:
        facts = {
            "protection": protection.sentence(),
            "plugins": [item.to_json() for item in found],
        }
        tell_json(facts)
        return 0
    for item in found:
        tell(_line(item))
    if not found:
        tell("No plugin is installed beside the built-in ones.")
    tell(protection.sentence())
    return 0


def _line(item: Installed) -> str:
    state = item.fault or ("" if item.enabled else "disabled")
    names = ", ".join(item.titles)
    return f"{item.name} {item.version}  {state or names}"


def install(parser: Parser) -> Run:
    """``install SOURCE``: show what would be added, ask, do it."""
    parser.description = "Install a plugin beside the editor."
    add_json(parser)
    parser.add_argument(
        "source",
        type=given,
        help=f"a package's name, a wheel, a *{BUNDLE}, a zip, a folder, git+ADDRESS,"
        " INDEX.json#NAME",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    _add_new_key(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be added, no more")
    parser.add_argument(
        "--editable", action="store_true", help="go on running it from its folder, as it changes"
    )
    return _install


def _add_new_key(parser: Parser) -> None:
    parser.add_argument(
        "--new-key", action="store_true", help="take it though it is signed by another key"
    )
    parser.add_argument(
        "--more", action="store_true", help="take it though it may do more than the one before"
    )


def _install(options: argparse.Namespace) -> int:
    return _install_from(options.source, options, upgrade=False, editable=options.editable)


def _install_from(
    source: str, options: argparse.Namespace, *, upgrade: bool, editable: bool = False
) -> int:
    with actions.Studio() as studio:
        told = (lambda text: None) if options.json else (lambda text: tell(f"{text} …", done=True))
        installer = Installer(
            studio.store, source, reserved=studio.offers().built_in, editable=editable, told=told
        )
        with studio.store.staging() as staging:
            offer = installer.prepare(staging, upgrade=upgrade)
            if upgrade and offer.version == offer.replaces:
                tell(f"{offer.name} {offer.version} is the newest.", done=True)
                return 0
            if not options.json:
                tell(*_offered(offer))
            if offer.question and not options.new_key and not options.dry_run:
                raise StoreError(f"{offer.question} If that is right, say --new-key.")
            if offer.grown and options.yes and not options.more and not options.dry_run:
                raise StoreError(f"{offer.more()} If that is right, say --more.")
            if options.dry_run or not (options.yes or _agreed()):
                if options.json:
                    tell_json(offer.to_json())
                return 0 if options.dry_run else 1
            plugin = installer.install(offer)
    return _show(plugin, options)


def _show(plugin: Installed, options: argparse.Namespace) -> int:
    """Tell of a plugin with which something has been done."""
    if options.json:
        tell_json(plugin.to_json(), done=True)
    else:
        tell(_line(plugin), done=True)
    return 0


def _offered(offer: Offer) -> list[str]:
    lines = [f"{offer.name} {offer.version}: {offer.summary or 'no summary'}"]
    if offer.replaces:
        lines.append(f"It replaces {offer.replaces}.")
    lines.append("This would be added, beside the editor's own packages:")
    for item in offer.packages:
        licence = item.licence or "no licence named"
        lines.append(
            f"  {item.name} {item.version}  {item.size / 1e3:,.0f} kB,"
            f" {item.unpacked / 1e3:,.0f} kB unpacked  {licence}"
        )
        lines.append(f"    sha256 {item.sha256}")
    for network in offer.networks:
        licence = network.licence or "no licence named"
        data = network.training_data or "training data not named"
        lines.append(f"  network {network.file}  {network.size / 1e6:.1f} MB  {licence}; {data}")
    lines += [f"  {item.sentence()}; sha256 {item.sha256}" for item in offer.fetched]
    lines += [told(offer.key), *([offer.question] if offer.question else [])]
    if offer.changes:
        lines.append("What has changed, as its author says:")
        lines += [f"  {visible(line)}" for line in offer.changes.splitlines()]
    lines += [offer.protection.sentence(), *offer.permissions]
    lines += [offer.more()] if offer.grown else []
    return lines


def _agreed(question: str = "Install it?") -> bool:
    if not sys.stdin.isatty():
        complain("nobody can be asked here; say --yes")
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def fetch(parser: Parser) -> Run:
    """``fetch NAME``: fetch the networks that a plugin declares and that are not there."""
    parser.description = "Fetch the networks that a plugin does not bring along."
    add_json(parser)
    parser.add_argument("name", type=given)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return _fetch


def _fetch(options: argparse.Namespace) -> int:
    store = Store()
    plugin = store.find(options.name)
    wanted = missing(store.weights, plugin.files)
    if not wanted:
        tell(f"Nothing of {plugin.name} has to be fetched.", done=True)
        return 0
    if not options.json:
        tell(*(f"{item.sentence()}; sha256 {item.sha256}" for item in wanted))
    if not (options.yes or _agreed("Fetch it?")):
        return 1
    silent = options.json
    told = (lambda text: None) if silent else (lambda text: tell(f"{text} …", done=True))
    fetch_missing(store, plugin, told, lambda: None)
    return _show(plugin, options)


def uninstall(parser: Parser) -> Run:
    """``uninstall NAME``: remove a plugin and all that it left."""
    parser.description = "Remove a plugin and all that it left."
    add_json(parser)
    parser.add_argument("name", type=given)
    return _uninstall


def _uninstall(options: argparse.Namespace) -> int:
    plugin = Store().uninstall(options.name)
    if options.json:
        tell_json({"uninstalled": plugin.name}, done=True)
    else:
        tell(f"{plugin.name} is gone.", done=True)
    return 0


def enable(parser: Parser) -> Run:
    """``enable NAME``: run it again."""
    parser.description = "Enable a plugin."
    return _switch(parser, enabled=True)


def disable(parser: Parser) -> Run:
    """``disable NAME``: it stays installed, and none of it runs."""
    parser.description = "Disable a plugin."
    return _switch(parser, enabled=False)


def _switch(parser: Parser, *, enabled: bool) -> Run:
    add_json(parser)
    parser.add_argument("name", type=given)
    return partial(_switched, enabled)


def _switched(enabled: bool, options: argparse.Namespace) -> int:
    plugin = Store().set_enabled(options.name, enabled)
    return _show(plugin, options)


def update(parser: Parser) -> Run:
    """``update [NAME]``: install what is newer, from where each came."""
    parser.description = "Update one plugin, or all of them."
    add_json(parser)
    parser.add_argument("name", type=given, nargs="?")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    _add_new_key(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be added, no more")
    return _update


def _update(options: argparse.Namespace) -> int:
    store = Store()
    others = [item for item in store.installed() if not is_own(item)]
    chosen = [store.find(options.name)] if options.name else others
    statuses = [
        _install_from(item.source or item.name, options, upgrade=True, editable=bool(item.sources))
        for item in chosen
    ]
    return max(statuses, default=0)


def undo(parser: Parser) -> Run:
    """``undo NAME``: go back to the version that the last update replaced."""
    parser.description = "Go back to the version that the last update replaced."
    add_json(parser)
    parser.add_argument("name", type=given)
    return _undo


def _undo(options: argparse.Namespace) -> int:
    plugin = Store().undo(options.name)
    return _show(plugin, options)


def pack(parser: Parser) -> Run:
    """``bundle NAME [FILE]``: one file that installs without a network."""
    parser.description = "Write a plugin with all it needs as one file."
    add_json(parser)
    parser.add_argument("name", type=given)
    parser.add_argument("file", nargs="?", type=file_name)
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    return _pack


def _pack(options: argparse.Namespace) -> int:
    store = Store()
    plugin = store.find(options.name)
    target = options.file or Path(f"{plugin.name}-{plugin.version}{BUNDLE}")
    written = bundle(plugin, target, store.weights, overwrite=options.overwrite)
    if options.json:
        tell_json({"bundle": str(written)}, done=True)
    else:
        tell(str(written), done=True)
    return 0


def seal(parser: Parser) -> Run:
    """``sign BUNDLE``: say who made it."""
    parser.description = "Sign a bundle, as minisign does."
    add_json(parser)
    parser.add_argument("bundle", type=file_name)
    parser.add_argument(
        "--key", type=file_name, required=True, help="the secret key; made where there is none"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a signature that exists")
    return _seal


def _seal(options: argparse.Namespace) -> int:
    if not options.bundle.is_file():
        raise StoreError(f"There is no file {options.bundle.name} where you said.")
    public = sign(options.bundle, options.key, overwrite=options.overwrite)
    if options.json:
        tell_json({"key": public}, done=True)
    else:
        tell(f"{options.bundle.name} is signed by the key {key_name(public)}: {public}", done=True)
    return 0


def index(parser: Parser) -> Run:
    """``index FOLDER``: make an index of the bundles in a folder."""
    parser.description = "Write an index of the bundles in a folder, and a page that shows it."
    add_json(parser)
    parser.add_argument("folder", type=file_name)
    return _index


def _index(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise StoreError(f"There is no folder {options.folder.name} where you said.")
    found = write_index(options.folder)
    if options.json:
        tell_json({"plugins": [item.name for item in found]}, done=True)
    else:
        tell(f"{options.folder / INDEX} lists {len(found)}.", done=True)
    return 0


def search(parser: Parser) -> Run:
    """``search PLACE [WORD …]``: what an index lists."""
    parser.description = "Search an index of plugins."
    add_json(parser)
    parser.add_argument("place", type=given, help="an index's file, folder or https address")
    parser.add_argument("words", type=given, nargs="*")
    return _search


def _search(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    found = search_entries(read_index(options.place), " ".join(options.words))
    sources = [source_of(options.place, item) for item in found]
    if options.json:
        rows = zip(found, sources, strict=True)
        tell_json({"plugins": [asdict(item) | {"source": source} for item, source in rows]})
        return 0
    for item, source in zip(found, sources, strict=True):
        signed = f"signed by {key_name(item.key)}" if item.key else "not signed"
        tell(f"{item.name} {item.version}  {item.summary or 'no summary'}  ({signed})")
        tell(f"  safelight plugins install {source}")
    if not found:
        tell("Nothing was found.")
    return 0


COMMANDS = {
    "list": Command(
        "", "list the plugins, and what holds them back here", "plugin_commands", "show"
    ),
    "install": Command("SOURCE", "show what would be added, ask, do it", "plugin_commands"),
    "fetch": Command("NAME", "fetch the networks that it declares", "plugin_commands"),
    "uninstall": Command("NAME", "remove a plugin and all that it left", "plugin_commands"),
    "enable": Command("NAME", "run it again", "plugin_commands"),
    "disable": Command("NAME", "it stays installed, and none of it runs", "plugin_commands"),
    "update": Command("[NAME]", "install what is newer, from where each came", "plugin_commands"),
    "undo": Command("NAME", "go back to the version before the last update", "plugin_commands"),
    "bundle": Command(
        "NAME [FILE]", "one file that installs without a network", "plugin_commands", "pack"
    ),
    "sign": Command("BUNDLE --key FILE", "say who made a bundle", "plugin_commands", "seal"),
    "index": Command("FOLDER", "make an index of a folder's bundles", "plugin_commands"),
    "search": Command("PLACE [WORD …]", "search an index of plugins", "plugin_commands"),
    "new": Command("[NAME]", "write a plugin to start from", "author_commands"),
    "check": Command("PATH", "does a plugin keep its promises?", "author_commands"),
}
"""Every command about plugins, in the order of the help."""
