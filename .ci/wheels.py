"""Build a wheel of the editor and of each plugin below plugins/.

    python .ci/wheels.py FOLDER

Each is built from a copy: nothing is left in the checkout, and nothing that an earlier build left
there comes along. Needs setuptools, and no network.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

from install import CHECKOUT, sources
from setuptools import build_meta

EDITOR = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "editor")
EDITOR += ("resources/samples", "resources/styles", "resources/recipes", "resources/autoencoder")
"""What of the checkout the editor is built from; of a plugin it is the plugin's folder."""

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", "tests", ".*")


def build(source: Path, folder: Path) -> Path:
    """Write the wheel of ``source`` into ``folder``; gives its path.

    Raises what setuptools raises, with what it has said as a note.
    """
    parts = EDITOR if source == CHECKOUT else [path.name for path in source.iterdir()]
    said, before = io.StringIO(), Path.cwd()
    with tempfile.TemporaryDirectory() as copy:
        for part in parts:
            _copy(source / part, Path(copy) / part)
        os.chdir(copy)
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                return folder / build_meta.build_wheel(str(folder))
        except BaseException as error:
            error.add_note(said.getvalue())
            raise
        finally:
            os.chdir(before)


def _copy(source: Path, target: Path) -> None:
    if source.name in _LEFT_OUT(str(source.parent), [source.name]):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFT_OUT)
    else:
        shutil.copy2(source, target)


def main(folder: Path) -> None:
    """Build all of them. Wheels of earlier builds are removed: the folder is one edition."""
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in folder.glob("safelight*.whl"):
        wheel.unlink()
    for source in sources():
        wheel = build(Path(source), folder)
        print(f"{wheel.name}  {wheel.stat().st_size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
