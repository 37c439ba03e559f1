"""Write the wheel of a plugin, or its sources, as an author would publish them."""

import shutil
import zipfile
from pathlib import Path

from safelight.actions.installer import Installer, Offer, networks_in
from safelight.actions.store import Installed, Package, Store, canonical
from safelight.workers.sandbox import available

MODULE = '''
"""{summary}"""
import numpy as np
from safelight import api

@api.filter("{title}", category="Colour")
def tint(image: api.Image, amount: api.Fraction = 0.2) -> api.Image:
    """Tint the picture."""
    return image * np.float32(1 - amount)

@api.hookimpl
def filters():
    return [tint]
'''

BACKEND = """
def build_wheel(folder, settings=None, metadata=None):
    import pathlib, shutil
    wheel = next(pathlib.Path("ready").glob("*.whl"))
    shutil.copyfile(wheel, pathlib.Path(folder) / wheel.name)
    return wheel.name
"""


def make_wheel(
    folder: Path,
    name: str = "candlelight",
    version: str = "1.0",
    *,
    module: str = MODULE,
    requires: tuple[str, ...] = (),
    files: dict[str, bytes] | None = None,
) -> Path:
    """A plugin's wheel in ``folder``; with an empty ``module`` it is a package and no plugin.

    ``files`` are further ones in it, by path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"title": name.capitalize(), "summary": f"The light of {name}"}
    package = name.replace("-", "_")
    record = f"{package}-{version}.dist-info"
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {facts['summary']}", "License-Expression: MIT"]
    lines += [f"Requires-Dist: {item}" for item in requires]
    contents = {
        f"{package}/__init__.py": module.format(**facts).encode(),
        f"{record}/METADATA": "\n".join(lines).encode(),
        f"{record}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    contents |= files or {}
    if module:
        contents[f"{record}/entry_points.txt"] = f"[safelight]\n{package} = {package}\n".encode()
    rows = "".join(f"{path},,\n" for path in [*contents, f"{record}/RECORD"])
    contents[f"{record}/RECORD"] = rows.encode()
    target = folder / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in contents.items():
            archive.writestr(path, data)
    return target


def make_sources(folder: Path, name: str = "candlelight", version: str = "1.0") -> Path:
    """A plugin's folder with sources and a build backend of its own, which needs nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    make_wheel(folder / "ready", name, version)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        f'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
    )
    return folder


def stock(store: Store, wheel: Path, source: str = "") -> Installed:
    """Put a wheel into a store as the installer would, without pip, which takes seconds."""
    name, version = wheel.name.split("-")[:2]
    with store.staging() as staging:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(staging / "lib")
        (staging / "wheels").mkdir()
        shutil.copyfile(wheel, staging / "wheels" / wheel.name)
        package = Package(name, version, wheel.stat().st_size, "0" * 64, "MIT")
        offer = Offer(
            name=canonical(name),
            version=version,
            source=source or str(wheel),
            summary=f"The light of {name}",
            packages=(package,),
            networks=tuple(networks_in(staging / "lib")),
            replaces="",
            protection=available(),
            staged=staging,
        )
        return Installer(store, offer.source).install(offer)
