"""Plugin template: a complete plugin to start from: tests that pass, a network that runs."""

from __future__ import annotations

import importlib.metadata
import json
import keyword
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from string import Template
from typing import BinaryIO, Literal, TypeAlias, get_args

from safelight.actions.plugins import autoencoder_texts
from safelight.actions.plugins import template_texts as texts
from safelight.actions.plugins.smallest_network import (
    contract,
    residual_network,
    sharpening,
    stated,
)
from safelight.files import WriteError, atomic_write
from safelight.folders import resources

Variant: TypeAlias = Literal["classic", "neural", "generator", "autoencoder"]
"""A filter that is arithmetic, one that runs a network, one that makes pixels from a seed, or one
that changes what a picture shows along directions of its code.
"""

VARIANTS: tuple[Variant, ...] = get_args(Variant)

_PREFIX = "safelight"
_LONGEST_NAME, _LONGEST_TITLE = 40, 60

_TAKEN = (
    *("api", "np", "pytest", "filters", "image", "amount", "job", "testing", "clouds", "noise"),
    *("cache", "kinds", "piece", "coded", "directions", "reduced", "shapes", "functools", "json"),
)
"""Names that the plugin's own lines use for something else."""


_PARTS = {**texts.PARTS, "autoencoder": autoencoder_texts.AUTOENCODER}


class TemplateError(Exception):
    """The plugin cannot be written; one sentence that says why and what would do."""


_TOLD = ("title", "parameters", "reach", "training_data", "metrics", "licence")
"""What a README says of a network, in the words of its file."""


@dataclass(frozen=True, slots=True)
class PluginNames:
    """What a plugin called ``soft-glow`` is called where.

    ``distribution`` is ``safelight-soft-glow`` (its folder too), ``package``
    ``safelight_soft_glow``, ``function`` ``soft_glow``.
    """

    distribution: str
    package: str
    function: str


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that an author has trained, for a plugin that runs it and nothing more.

    ``network`` are the bytes of an ONNX file that explains itself and makes a picture of the same
    size. ``category`` is where the filter stands in the menu, ``summary`` a sentence on what it
    does; neither holds a quotation mark or a backslash. Of a network that takes something else than
    a picture, ``parts`` are what the plugin has instead of the usual texts, and ``beside`` the
    files that its package needs, by name.
    """

    network: bytes
    category: str = "Mine"
    summary: str = "Let a network make the picture anew."
    parts: texts.Parts | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)


def plugin_names(name: str) -> PluginNames:
    """The names that follow from the one the author gave. Raises TemplateError.

    A leading ``safelight-`` is understood and not doubled.
    """
    short = re.sub(rf"^{_PREFIX}[-_.]+", "", name.strip(), flags=re.IGNORECASE)
    # PEP 508; re.ASCII, because \w and [a-z] know more letters when case is ignored.
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", short, re.IGNORECASE | re.ASCII):
        raise TemplateError(
            f"{name!r} is no name for a plugin: take letters a to z, digits and hyphens, with a"
            " letter or digit at both ends, like soft-glow"
        )
    function = re.sub(r"[-_.]+", "_", short).lower()
    if len(function) > _LONGEST_NAME:
        raise TemplateError(f"the name is too long: {_LONGEST_NAME} letters are the most")
    if not function.isidentifier() or keyword.iskeyword(function) or function in _TAKEN:
        why = "begins with a digit" if function[0].isdigit() else "has a meaning of its own"
        raise TemplateError(
            f"{name!r} cannot be the name of a function in Python, because it {why}; try"
            f" {function.lstrip('0123456789_') or 'soft'}-filter"
        )
    if function.startswith("test"):
        # It is imported by the plugin's tests, and pytest goes by the beginning of the name.
        raise TemplateError(f"pytest would take {function} for a test; choose another beginning")
    short = function.replace("_", "-")
    return PluginNames(f"{_PREFIX}-{short}", f"{_PREFIX}_{function}", function)


def plugin_title(title: str) -> str:
    """The title as it will stand in the menu. Raises TemplateError for one that cannot."""
    title = " ".join(title.split(" ")).strip()
    if not title or not title.isprintable():
        raise TemplateError("a title is one line of text: it becomes the entry in the menu")
    if len(title) > _LONGEST_TITLE:
        raise TemplateError(f"the title is too long: {_LONGEST_TITLE} letters are the most")
    return title


def default_title(names: PluginNames) -> str:
    """A title to offer: ``Soft glow`` for ``soft-glow``."""
    return names.function.replace("_", " ").capitalize()


def write_plugin(
    folder: Path,
    name: str,
    title: str,
    variant: Variant,
    trained: Trained | None = None,
) -> Path:
    """Write a complete plugin into a new folder inside ``folder``, and return that folder.

    It holds a distribution (``pyproject.toml``, ``README.md``, the package, tests) with one
    filter that works; the ``neural`` variant also a small ONNX file that explains itself, or the
    network that the author has ``trained``. Raises TemplateError when a name or the network will
    not do, the new folder exists or ``folder`` does not, and WriteError when the disk refuses;
    nothing is left behind then.
    """
    names, title = plugin_names(name), plugin_title(title)
    if variant not in VARIANTS:
        raise TemplateError(f"there is no variant {variant}; there are {', '.join(VARIANTS)}")
    if trained is not None and trained.parts is None and variant != "neural":
        raise TemplateError(f"the variant {variant} runs no network; the variant neural does")
    if _is_installed(names.distribution):
        # Two plugins of one name would be one package, and their filters share their ids.
        raise TemplateError(f"a plugin called {names.distribution} is installed; take another name")
    if not folder.is_dir():
        raise TemplateError(f"there is no folder {folder} to write the plugin into")
    target = folder / names.distribution
    contents = _contents(names, title, variant, trained)
    try:
        target.mkdir()
    except FileExistsError:
        raise TemplateError(f"{target} exists already; choose another name or folder") from None
    except OSError as error:
        raise WriteError(f"{target} cannot be made: {error.strerror}.") from error
    try:
        for place, data in contents.items():
            path = target / place
            path.parent.mkdir(exist_ok=True)
            atomic_write(path, partial(_write, data))
    except BaseException:
        # Half a plugin would only stand in the way of the next try, and all of it is ours.
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target


def _contents(
    names: PluginNames, title: str, variant: Variant, trained: Trained | None
) -> dict[str, bytes]:
    """Every file of the plugin by its place in the folder."""
    words = {
        "distribution": names.distribution,
        "package": names.package,
        "name": names.function,
        "title": title,
        # JSON's strings are strings in Python and in TOML too, quotes and backslashes included.
        "quoted_title": json.dumps(title, ensure_ascii=False),
    }
    words |= _words(trained)
    parts = (trained.parts or texts.TRAINED) if trained else _PARTS[variant]
    shipped = _shipped() if variant == "autoencoder" and trained is None else {}
    if shipped:
        words["matrix"] = shipped.pop(autoencoder_texts.MATRIX).decode().strip()
    filled = {
        place: Template(text).substitute(words)
        for place, text in {
            "pyproject.toml": texts.PYPROJECT.replace("$needs", parts.needs) + parts.package_data,
            "README.md": texts.README.replace("$about", parts.about)
            .replace("$command", parts.command)
            .replace("$parameters", parts.parameters)
            .replace("$settings", parts.settings),
            f"{names.package}/__init__.py": parts.module,
            f"tests/test_{names.function}.py": parts.tests,
        }.items()
    }
    contents = {place: text.encode() for place, text in filled.items()}
    if trained:
        beside = {"model.onnx": trained.network, **trained.beside}
        contents |= {f"{names.package}/{place}": data for place, data in beside.items()}
    elif shipped:
        contents |= {f"{names.package}/{place}": data for place, data in shipped.items()}
    elif variant == "neural":
        properties = contract(
            title=title,
            licence="Apache-2.0",
            training_data="None: nine numbers a channel, written by hand.",
            reach=1,
        )
        contents[f"{names.package}/model.onnx"] = residual_network(sharpening(), properties)
    return contents


def _shipped() -> dict[str, bytes]:
    """The networks of the autoencoder and what is beside them, by name. Raises TemplateError."""
    folder = resources("autoencoder")
    if folder is None:
        raise TemplateError("this installation has no autoencoder to start from")
    names = (*autoencoder_texts.FILES, autoencoder_texts.MATRIX)
    return {name: (folder / name).read_bytes() for name in names}


def _words(trained: Trained | None) -> dict[str, str]:
    """What is said of the author's network, if there is one. Raises TemplateError."""
    if trained is None:
        return {"category": "Mine", "quoted_category": '"Mine"'}
    try:
        said = stated(trained.network, of_pictures=trained.parts is None)
    except ValueError as error:
        raise TemplateError(f"the network cannot be taken: {error}") from None
    rows = (
        f"| {key.replace('_', ' ').capitalize()} | {' '.join(said[key].split())} |"
        for key in _TOLD
        if said.get(key)
    )
    return {
        "category": trained.category,
        "quoted_category": json.dumps(trained.category, ensure_ascii=False),
        "summary": trained.summary,
        "facts": "\n".join(rows),
    }


def _write(data: bytes, stream: BinaryIO) -> None:
    stream.write(data)


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
