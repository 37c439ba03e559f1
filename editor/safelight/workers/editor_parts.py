"""Editor parts: the folders and packages that the editor, its plugins and Python are made of.

A confined process reads these and imports from them. What only the environment names (the folder
that the editor was started in, ``PYTHONPATH``) is no part: it may be the user's home folder.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import json
import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import safelight
from safelight.api import PROJECT


@dataclass(frozen=True, slots=True)
class Parts:
    """``path``: the folders that packages are imported from, in Python's order. ``packages``: by
    name, packages that lie elsewhere, each as its folder or file. ``readable``: all of that, and
    where Python itself lies.
    """

    path: tuple[str, ...]
    packages: tuple[tuple[str, str], ...]
    readable: tuple[str, ...]


def editor_parts() -> Parts:
    """What the editor of this process is made of."""
    return _parts(tuple(sys.path), str(Path.home()))


def interpreter() -> list[str]:
    """Where Python itself lies; a prefix like /usr is not all readable, only its libraries."""
    places = {Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    return [str(place / part) for place in places for part in ("lib", "lib64", "bin")]


@functools.lru_cache(maxsize=4)
def _parts(search: tuple[str, ...], home: str) -> Parts:
    folders = [*map(Path, interpreter()), *_installed_folders(home)]
    path = [place for place in search if place and _lies_in(Path(place), folders)]
    found = {"safelight": Path(safelight.__file__).parent}
    for name in _editable_packages(folders):
        place = _place(name)
        if place is not None:
            found.setdefault(name, place)
    packages = {name: str(x) for name, x in found.items() if not _lies_in(x, folders)}
    readable = [*packages.values(), *map(str, folders)]
    return Parts(tuple(path), tuple(packages.items()), tuple(dict.fromkeys(readable)))


def _installed_folders(home: str) -> list[Path]:
    """The folders that an installer puts packages in."""
    found = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    found += site.getsitepackages() if hasattr(site, "getsitepackages") else []
    if getattr(site, "ENABLE_USER_SITE", False) and site.getusersitepackages() in sys.path:
        found.append(site.getusersitepackages())
    try:
        own = importlib.metadata.distribution("safelight")
        if own.read_text("INSTALLER") is not None:  # as pip leaves it; no build's leftover
            found.append(str(own.locate_file("")))
    except importlib.metadata.PackageNotFoundError:
        pass
    places = dict.fromkeys(Path(place) for place in found)
    return [place for place in places if place.is_dir() and not _lies_in(Path(home), [place])]


def _editable_packages(folders: list[Path]) -> list[str]:
    """The packages of distributions that were installed from their sources, editable."""
    found: list[str] = []
    for folder in folders:
        for note in sorted(folder.glob("*.dist-info/direct_url.json")):
            try:
                if json.loads(note.read_text("utf-8"))["dir_info"]["editable"] is not True:
                    continue
                about = importlib.metadata.PathDistribution(note.parent)
                points = about.entry_points.select(group=PROJECT)
                found += (about.read_text("top_level.txt") or "").split()
                found += [point.module.partition(".")[0] for point in points]
            except (OSError, ValueError, KeyError, TypeError):
                continue
    return list(dict.fromkeys(found))


def _place(package: str) -> Path | None:
    """Where a package lies that is not imported: its folder, or its file."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin)
    return file.parent if file.name == "__init__.py" else file


def _lies_in(place: Path, folders: list[Path]) -> bool:
    place = place.resolve()
    return any(place.is_relative_to(folder.resolve()) for folder in folders)
