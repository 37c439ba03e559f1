"""Make plugin projects as a stranger would publish them, with a build backend in their own tree.

So that building them needs no network: ``requires`` is empty and ``backend-path`` is the project.
"""

from collections.abc import Mapping
from pathlib import Path

BACKEND = '''
"""A build backend (PEP 517) that zips the package."""
import base64, hashlib, pathlib, tomllib, zipfile

def build_wheel(out, config_settings=None, metadata_directory=None):
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
    short = project["name"].replace("-", "_")
    record = f"{short}-{project['version']}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Summary: {project['description']}", "License: MIT"]
    if "requires-python" in project:
        lines.append(f"Requires-Python: {project['requires-python']}")
    lines += [f"Requires-Dist: {item}" for item in project.get("dependencies", [])]
    points = project.get("entry-points", {})
    text = "".join(
        f"[{group}]\\n" + "".join(f"{key} = {value}\\n" for key, value in items.items())
        for group, items in points.items()
    )
    files = {
        f"{record}/METADATA": "\\n".join(lines) + "\\n",
        f"{record}/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
        f"{record}/entry_points.txt": text,
    }
    content = {name: body.encode() for name, body in files.items()}
    for path in sorted([*pathlib.Path(short).rglob("*"), *pathlib.Path("beside").rglob("*")]):
        if path.is_file() and "__pycache__" not in path.parts:
            content[path.as_posix().removeprefix("beside/")] = path.read_bytes()
    rows = []
    for name, body in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(body)}")
    rows.append(f"{record}/RECORD,,")
    content[f"{record}/RECORD"] = ("\\n".join(rows) + "\\n").encode()
    target = f"{short}-{project['version']}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(out) / target, "w") as archive:
        for name, body in content.items():
            archive.writestr(name, body)
    return target
'''

FILTER = '''
import numpy as np
from safelight import api

@api.filter({title!r}, category="Test")
def {name}(image: api.Image, gain: api.Fraction = 0.5) -> api.Image:
    """Multiplies."""
    return image * np.float32(gain)

@api.hookimpl
def filters():
    return [{name}]
'''


def project(
    folder: Path,
    name: str,
    source: str = "",
    *,
    version: str = "1.0",
    dependencies: tuple[str, ...] = (),
    requires_python: str = "",
    entry_point: bool = True,
    backend: str = BACKEND,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the project of a plugin called ``name`` below ``folder``; ``source`` is its code.

    ``files`` are further ones, by path; what lies in ``beside`` goes beside the package.
    """
    short = name.replace("-", "_")
    place = folder / name
    (place / short).mkdir(parents=True)
    filter_name = short.removeprefix("safelight_")
    source = source or FILTER.format(title=filter_name.capitalize(), name=filter_name)
    (place / short / "__init__.py").write_text(source, "utf-8")
    (place / "backend.py").write_text(backend, "utf-8")
    for path, content in (files or {}).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
    lines = ["[project]", f'name = "{name}"', f'version = "{version}"', 'description = "A test"']
    lines.append(f"dependencies = {list(dependencies)!r}")
    if requires_python:
        lines.append(f'requires-python = "{requires_python}"')
    if entry_point:
        lines += ["[project.entry-points.safelight]", f'plugin = "{short}"']
    lines += ["[build-system]", "requires = []", 'build-backend = "backend"']
    lines.append('backend-path = ["."]')
    (place / "pyproject.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return place


def wheel(folder: Path, name: str, source: str = "", **options: object) -> Path:
    """The wheel of such a project, built here: for a package that the test itself trusts."""
    import os
    import runpy

    folder.mkdir(exist_ok=True)
    version = str(options.get("version", ""))
    place = project(folder / "sources" / version, name, source, **options)  # type: ignore[arg-type]
    before = Path.cwd()
    os.chdir(place)
    try:
        build = runpy.run_path("backend.py")["build_wheel"]
        return folder / build(str(folder))
    finally:
        os.chdir(before)


def library(folder: Path, name: str, version: str, source: str) -> Path:
    """The wheel of an ordinary package, which plugins need."""
    return wheel(folder, name, source, version=version, entry_point=False)
