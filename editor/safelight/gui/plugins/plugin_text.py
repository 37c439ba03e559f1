"""Plugin text: a plugin, or what installing one would add, to read, select and copy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from safelight.actions.plugins.installation_offer import Offer
from safelight.actions.plugins.permissions import permissions
from safelight.actions.plugins.plugin_index import Entry
from safelight.actions.plugins.plugin_list import Listed
from safelight.actions.plugins.plugin_store import Network, Package
from safelight.actions.plugins.plugin_updates import Update
from safelight.actions.plugins.signatures import key_name, told
from safelight.gui.widgets import theme
from safelight.gui.widgets.shown_text import file_size, plain
from safelight.workers.confinement.sandbox import Protection

_LONGEST = 2500
"""Characters of a licence or of what a network was trained on."""

_MARKS = re.compile(r"``([^`]+)``|(?<!\*)\*(\w[^*]*)\*")
"""Code and emphasis in a docstring."""

_STYLE = f"""
p {{ margin: 0 0 7px 0; }}
.title {{ font-size: 17px; font-weight: 600; margin-bottom: 3px; }}
.dim {{ color: {theme.DIM}; }}
.fault {{ color: {theme.ACCENT}; }}
.heading {{ color: {theme.DIM}; font-size: 12px; font-weight: 600; margin: 15px 0 5px 0; }}
.item {{ margin: 0 0 1px 0; }}
.name {{ font-weight: 600; }}
.last {{ margin: 0 0 7px 0; }}
.hash {{ color: {theme.DIM}; font-family: monospace; font-size: 11px; margin: 0 0 8px 0; }}
"""


class Facts(QTextBrowser):
    """Text that can be selected and scrolled; whatever a plugin writes in it stays plain text."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setObjectName("facts")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDefaultStyleSheet(_STYLE)

    def show_plugin(
        self, item: Listed, protection: Protection, update: Update | None = None
    ) -> None:
        """A plugin that is there; ``update`` is what is known of newer versions."""
        self.setHtml("".join(_described(item, protection, update)))

    def show_offer(self, offer: Offer) -> None:
        """What installing would add."""
        self.setHtml("".join(_offered(offer)))

    def show_entry(self, entry: Entry, there: str) -> None:
        """A plugin of an index; ``there`` is the version that is installed, "" = none."""
        self.setHtml("".join(_entered(entry, there)))


def _described(item: Listed, protection: Protection, update: Update | None) -> Iterable[str]:
    plugin = item.plugin
    yield _title(plugin.name, plugin.version)
    yield _line("dim", _state(item, update))
    if plugin.fault:
        fault = plugin.fault[:1].upper() + plugin.fault[1:]
        yield _line("fault", f"{fault}. Install Safelight again." if item.built_in else f"{fault}.")
    if update is not None and update.fault:
        yield _line("fault", f"Whether there is a newer version is not known. {update.fault}")
    if update is not None:
        yield from _changed(f"What {update.version} changes, as its author says", update.changes)
        for sentence in update.grown:
            yield _line("fault", f"New with {update.version}: {sentence}")
    if plugin.summary:
        yield _line("", plugin.summary)
    if plugin.filters:
        yield _heading("Filters")
    for filter in plugin.filters:
        yield _filter(filter.title, filter.description)
    if plugin.formats:
        yield _heading("Formats")
    for format in plugin.formats:
        verb = "opens" if format.reads else "exports"
        yield _line("item", f"{format.title}: {verb} {' '.join(format.suffixes)}")
    yield _heading("What it may do")
    if item.built_in:
        yield _line("item", "Built-in plugins are part of Safelight and are trusted like it.")
    else:
        for sentence in permissions(plugin.library, plugin.files):
            yield _line("item", sentence)
        yield _line("item" if protection.complete else "fault", protection.sentence())
    yield from _packages("Packages", plugin.packages)
    yield from _networks(plugin.networks)
    if not item.built_in:
        yield _heading("Who made it")
        yield _line("item", told(plugin.key))
    yield _heading("Where it came from")
    yield _line("item", "Safelight" if item.built_in else plugin.source or "Not noted")


def _offered(offer: Offer) -> Iterable[str]:
    yield _title(offer.name, offer.version)
    if offer.replaces == offer.version:
        yield _line("dim", f"{offer.replaces} is installed already and would be installed anew")
    elif offer.replaces:
        yield _line("dim", f"Replaces {offer.replaces}, to which you can go back")
    yield _line("", offer.summary or "It has no summary.")
    if offer.question:
        yield _line("fault", offer.question)
    if offer.grown:
        yield _line("fault", offer.more())
    yield _heading("Who made it")
    yield _line("item", told(offer.key))
    yield from _changed("What has changed, as its author says", offer.changes)
    yield _heading("What it may do")
    for sentence in offer.permissions:
        yield _line("fault" if sentence in offer.grown else "item", sentence)
    yield _line("item" if offer.protection.complete else "fault", offer.protection.sentence())
    many = len(offer.packages)
    count = f"{many} package{'s' if many != 1 else ''}, {file_size(offer.size)}"
    count += f", {file_size(offer.unpacked)} unpacked" if offer.unpacked else ""
    yield from _packages(f"What would be added: {count}", offer.packages)
    yield from _networks(offer.networks)
    if offer.fetched:
        yield _heading("What is fetched when you install it")
    for file in offer.fetched:
        yield _line("item", f"{file.sentence()}.")
        yield _line("item dim", file.url)
        yield _line("hash", f"SHA-256 {file.sha256}")
    yield _heading("Where it comes from")
    yield _line("item", offer.source)


def _entered(entry: Entry, there: str) -> Iterable[str]:
    yield _title(entry.name, entry.version)
    same = there == entry.version
    yield _line("dim", ("Installed" if same else f"{there} is installed") if there else "")
    yield _line("", entry.summary or "It has no summary.")
    yield _heading("Who made it")
    yield _line("item", told(entry.key))
    yield _heading("What it is")
    licence = entry.licence or "no licence named"
    yield from _entry([entry.file, file_size(entry.size), licence], [], entry.sha256)
    if entry.changes not in entry.card:
        yield from _changed("What has changed, as its author says", entry.changes)
    yield from _changed("About it, as its author says", entry.card)


def _filter(title: str, description: str) -> str:
    """A filter by its title, and under it what it says it does, without the marks of docstrings."""
    text = _MARKS.sub(lambda found: found[1] or found[2], description)
    return _line("item name", title) + (_line("last", text) if text else "")


def _changed(title: str, text: str) -> Iterable[str]:
    """What an author writes, line by line; nothing where there is nothing."""
    lines = list(filter(str.strip, text.splitlines()))
    if lines:
        yield _heading(title)
    for line in lines:
        yield _line("item", line)


def _state(item: Listed, update: Update | None) -> str:
    """A plugin's state in a few words."""
    if item.built_in:
        return "Built in"
    words = ["Enabled" if item.plugin.enabled else "Disabled"]
    if item.plugin.fault:
        words = ["Cannot be used"]
    if update is not None and update.version:
        words.append(f"{update.version} is available")
    if item.earlier:
        words.append(f"you can go back to {item.earlier}")
    return ", ".join(words)


def _packages(title: str, packages: Sequence[Package]) -> Iterable[str]:
    if packages:
        yield _heading(title)
    for item in packages:
        words = [f"{item.name} {item.version}"]
        words += [file_size(item.size)] if item.size else []
        words.append(item.licence or "no licence named")
        yield from _entry(words, [], item.sha256)


def _networks(networks: Sequence[Network]) -> Iterable[str]:
    if networks:
        yield _heading("Networks")
    for item in networks:
        words = [item.file, file_size(item.size)]
        facts = [
            f"Licence of the weights: {item.licence or 'not named'}",
            f"Trained on: {item.training_data or 'not named'}",
        ]
        facts += [f"Signed by the key {key_name(item.key)}"] if item.key else []
        facts += [f"Encrypted with the key {item.locked}"] if item.locked else []
        if item.fault:
            facts = [f"What it says of itself cannot be read: {item.fault}"]
        yield from _entry(words, facts, item.sha256)


def _entry(words: Sequence[str], facts: Sequence[str], sha256: str) -> Iterable[str]:
    lines = [("item", "  ·  ".join(words)), *(("item dim", fact) for fact in facts)]
    for index, (kind, text) in enumerate(lines):
        yield _line("last" if not sha256 and index == len(lines) - 1 else kind, text)
    if sha256:
        yield _line("hash", f"SHA-256 {sha256}")


def _title(name: str, version: str) -> str:
    return (
        f'<p class="title">{escape(plain(name))}'
        f' <span class="dim" style="font-weight: 400">{escape(plain(version))}</span></p>'
    )


def _heading(text: str) -> str:
    return _line("heading", text)


def _line(kind: str, text: str) -> str:
    return f'<p class="{kind}">{escape(plain(text, longest=_LONGEST))}</p>'
