"""A plugin of one's own: what a training of some minutes becomes, beside what it leaves."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.plugincode import editor
from models.tiles import Network, sha256


def slug(name: str) -> str:
    """A plugin's name from its filter's title: `night-sky` from `Night sky`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@contextmanager
def in_words() -> Iterator[None]:
    """Raise SystemExit, with a sentence, where the editor writes no plugin."""
    actions = editor("actions")
    try:
        yield
    except (actions.TemplateError, actions.WriteError) as error:
        raise SystemExit(f"No plugin can be made: {error}.") from None


def folder_for(out: Path, name: str) -> Path:
    """Where the plugin will be. Raises SystemExit, with a sentence, for what stands in the way."""
    actions = editor("actions")
    with in_words():
        folder = out / actions.plugin_names(slug(name)).distribution
        actions.plugin_title(name)
    if folder.exists():
        raise SystemExit(f"{folder} is there already: give another --name or --out.")
    return folder


def write(out: Path, name: str, variant: str, trained: Any, card: str) -> Path:
    """Write a plugin that runs a `trained` network, with its card; returns its folder.

    Raises SystemExit, with a sentence.
    """
    with in_words():
        made = editor("actions").write_plugin(out, slug(name), name, variant, trained)
    (package,) = made.glob("safelight_*/")
    (package / "card.md").write_text(card, "utf-8")
    return made


def rows(log: Path) -> list[dict[str, Any]]:
    """The lines of a training's log."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def length(log: Path) -> str:
    """How long a run was, by the last line of its log."""
    last = rows(log)[-1]
    return f"{last['step']:,} steps ({last['seconds'] / 60:.1f} minutes)"


def card(template: str, network: Path, log: Path, **more: Any) -> str:
    """The card that travels with a network: a template, filled with what its file and log say."""
    said = Network(network).properties
    return template.format(
        title=said["title"],
        parameters=int(said["parameters"]),
        size=network.stat().st_size / 1e6,
        data=said["training_data"],
        length=length(log),
        metrics=said["metrics"],
        licence=said["licence"],
        sha256=sha256(network),
        **more,
    )


def announce(made: Path, samples: str, command: str) -> None:
    """Say where a plugin is, where samples are, and what can be done with it next."""
    print(
        f"Written: {made}\n"
        f"{samples} Next:\n"
        f"  safelight plugins check {made}\n"
        f"  safelight plugins install {made}\n"
        f"  safelight {command}"
    )
