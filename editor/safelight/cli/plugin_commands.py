"""Plugin commands: ``safelight plugins`` lists, installs, switches, updates and removes them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from safelight import actions
from safelight.actions.plugins.installer import BUNDLE, Installer, Offer, bundle
from safelight.actions.plugins.network_plugin import is_own
from safelight.actions.plugins.plugin_store import Installed, Store, StoreError
from safelight.cli import author_commands, group
from safelight.cli.terminal import complain, tell, tell_json


def plugins(words: list[str]) -> int:
    """Run one of the commands below; the exit status is 0, 1 (failed) or 2 (usage)."""
    failures = (StoreError, actions.WriteError, actions.WorkerDied)
    return group.run("plugins", COMMANDS, words, failures)


def show(words: list[str]) -> int:
    """``list``: the plugins of the store, and what holds them back here."""
    options = group.parser_of("plugins list", "List the plugins that were installed.").parse_args(
        words
    )
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


def install(words: list[str]) -> int:
    """``install SOURCE``: show what would be added, ask, do it."""
    parser = group.parser_of("plugins install", "Install a plugin beside the editor.")
    parser.add_argument(
        "source",
        type=group.given,
        help=f"a package's name, a wheel, a *{BUNDLE}, a zip, a folder, git+ADDRESS",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show what would be added, no more")
    parser.add_argument(
        "--editable", action="store_true", help="go on running it from its folder, as it changes"
    )
    options = parser.parse_args(words)
    return _install(options.source, options, upgrade=False, editable=options.editable)


def _install(
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


def uninstall(words: list[str]) -> int:
    """``uninstall NAME``: remove a plugin and all that it left."""
    parser = group.parser_of("plugins uninstall", "Remove a plugin and all that it left.")
    parser.add_argument("name", type=group.given)
    options = parser.parse_args(words)
    plugin = Store().uninstall(options.name)
    if options.json:
        tell_json({"uninstalled": plugin.name}, done=True)
    else:
        tell(f"{plugin.name} is gone.", done=True)
    return 0


def enable(words: list[str]) -> int:
    """``enable NAME``: run it again."""
    return _switch("enable", words, enabled=True)


def disable(words: list[str]) -> int:
    """``disable NAME``: it stays installed, and none of it runs."""
    return _switch("disable", words, enabled=False)


def _switch(verb: str, words: list[str], *, enabled: bool) -> int:
    parser = group.parser_of(f"plugins {verb}", f"{verb.capitalize()} a plugin.")
    parser.add_argument("name", type=group.given)
    options = parser.parse_args(words)
    plugin = Store().set_enabled(options.name, enabled)
    return _show(plugin, options)


def update(words: list[str]) -> int:
    """``update [NAME]``: install what is newer, from where each came."""
    parser = group.parser_of("plugins update", "Update one plugin, or all of them.")
    parser.add_argument("name", type=group.given, nargs="?")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show what would be added, no more")
    options = parser.parse_args(words)
    store = Store()
    others = [item for item in store.installed() if not is_own(item)]
    chosen = [store.find(options.name)] if options.name else others
    statuses = [
        _install(item.source or item.name, options, upgrade=True, editable=bool(item.sources))
        for item in chosen
    ]
    return max(statuses, default=0)


def undo(words: list[str]) -> int:
    """``undo NAME``: go back to the version that the last update replaced."""
    parser = group.parser_of(
        "plugins undo", "Go back to the version that the last update replaced."
    )
    parser.add_argument("name", type=group.given)
    options = parser.parse_args(words)
    plugin = Store().undo(options.name)
    return _show(plugin, options)


def pack(words: list[str]) -> int:
    """``bundle NAME [FILE]``: one file that installs without a network."""
    parser = group.parser_of("plugins bundle", "Write a plugin with all it needs as one file.")
    parser.add_argument("name", type=group.given)
    parser.add_argument("file", nargs="?", type=group.file_name)
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    options = parser.parse_args(words)
    plugin = Store().find(options.name)
    target = options.file or Path(f"{plugin.name}-{plugin.version}{BUNDLE}")
    written = bundle(plugin, target, overwrite=options.overwrite)
    if options.json:
        tell_json({"bundle": str(written)}, done=True)
    else:
        tell(str(written), done=True)
    return 0


COMMANDS: dict[str, group.Command] = {
    "list": show,
    "install": install,
    "uninstall": uninstall,
    "enable": enable,
    "disable": disable,
    "update": update,
    "undo": undo,
    "bundle": pack,
    "new": author_commands.new,
    "check": author_commands.check,
}
