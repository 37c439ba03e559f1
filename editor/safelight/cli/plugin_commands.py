"""Plugin commands: ``safelight plugins`` lists, installs, switches, updates and removes them."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from safelight import actions
from safelight.actions.plugins.installer import BUNDLE, Installer, Offer, bundle
from safelight.actions.plugins.network_plugin import is_own
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.cli.command_parser import Command, Parser, Run, add_json, file_name, given, group
from safelight.cli.terminal import complain, tell, tell_json


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
        help=f"a package's name, a wheel, a *{BUNDLE}, a zip, a folder, git+ADDRESS",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show what would be added, no more")
    parser.add_argument(
        "--editable", action="store_true", help="go on running it from its folder, as it changes"
    )
    return _install


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
    lines.append(offer.protection.sentence())
    return lines


def _agreed() -> bool:
    if not sys.stdin.isatty():
        complain("nobody can be asked here; say --yes")
        return False
    return input("Install it? [y/N] ").strip().lower() in ("y", "yes")


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
    plugin = Store().find(options.name)
    target = options.file or Path(f"{plugin.name}-{plugin.version}{BUNDLE}")
    written = bundle(plugin, target, overwrite=options.overwrite)
    if options.json:
        tell_json({"bundle": str(written)}, done=True)
    else:
        tell(str(written), done=True)
    return 0


COMMANDS = {
    "list": Command(
        "", "list the plugins, and what holds them back here", "plugin_commands", "show"
    ),
    "install": Command("SOURCE", "show what would be added, ask, do it", "plugin_commands"),
    "uninstall": Command("NAME", "remove a plugin and all that it left", "plugin_commands"),
    "enable": Command("NAME", "run it again", "plugin_commands"),
    "disable": Command("NAME", "it stays installed, and none of it runs", "plugin_commands"),
    "update": Command("[NAME]", "install what is newer, from where each came", "plugin_commands"),
    "undo": Command("NAME", "go back to the version before the last update", "plugin_commands"),
    "bundle": Command(
        "NAME [FILE]", "one file that installs without a network", "plugin_commands", "pack"
    ),
    "new": Command("[NAME]", "write a plugin to start from", "author_commands"),
    "check": Command("PATH", "does a plugin keep its promises?", "author_commands"),
}
"""Every command about plugins, in the order of the help."""
