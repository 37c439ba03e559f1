"""The package is whole: wheels, installed into an environment of nothing else, are Safelight."""

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from safelight import __version__
from tests.conftest import CHECKOUT

PLUGINS = sorted(path.parent for path in CHECKOUT.glob("plugins/*/pyproject.toml"))
PROJECTS = {
    path: tomllib.loads((path / "pyproject.toml").read_text("utf-8"))["project"]
    for path in (CHECKOUT, *PLUGINS)
}
OFFERING = {project["name"] for project in PROJECTS.values() if "entry-points" in project}
OFFERING -= {"safelight"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """The wheels that ``make wheels`` makes, by the names of their distributions."""
    folder = tmp_path_factory.mktemp("wheels")
    subprocess.run(
        [sys.executable, CHECKOUT / ".ci" / "wheels.py", folder], check=True, capture_output=True
    )
    return {path.name.split("-")[0].replace("_", "-"): path for path in folder.glob("*.whl")}


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory):
    """The Python of an environment into which the wheels were installed, and nothing else.

    What the wheels say that they need is linked from where the tests have it: no gigabyte is
    installed anew, and what they do not say is not there.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    install += ["--disable-pip-version-check", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*install, *wheels.values()], check=True, capture_output=True)
    paths = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", vars=paths))
    for needs in needed():
        for file in needs.files or ():
            target = packages / file
            if ".." not in file.parts and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                link(file.locate(), target)
    return python


def needed():
    """The distributions that the wheels state, with what those state in turn."""
    stated = [line for project in PROJECTS.values() for line in project["dependencies"]]
    found = {}
    while stated:
        requirement = Requirement(stated.pop())
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name not in found and not requirement.name.startswith("safelight"):
            found[requirement.name] = distribution(requirement.name)
            stated += found[requirement.name].requires or []
    return found.values()


def link(source, target):
    """One file under two names; a copy where they cannot be one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def told(environment, tmp_path_factory):
    """What the installed editor says of itself, asked from an empty folder."""
    # Under its own name, so that a worker's first folder of imports is not the tests'.
    home, empty = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("empty")
    kept = {"PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LOCALAPPDATA", "TEMP"}
    surroundings = {name: text for name, text in os.environ.items() if name in kept}
    surroundings |= {"HOME": str(home), "USERPROFILE": str(home), "QT_QPA_PLATFORM": "offscreen"}
    asking = Path(__file__).with_name("installed_editor.py").read_text("utf-8")
    done = subprocess.run(
        [environment, "-I", "-c", asking],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=empty,
        env=surroundings,
    )
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(
        [environment.with_name("safelight"), "filters", "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=empty,
        env=surroundings,
    )
    assert listed.returncode == 0, listed.stderr
    return json.loads(done.stdout) | {"listed": json.loads(listed.stdout)}


def test_an_installed_editor_has_nothing_of_the_checkout(told, environment):
    assert told["folder"] == []
    place = str(environment.parents[1])
    assert [path for path in told["modules"] if not path.startswith(place)] == []
    checkout = [str(CHECKOUT / name) for name in ("editor", "plugins", "tests")]
    assert not [x for x in told["path"] if x == str(CHECKOUT) or x.startswith(tuple(checkout))]


def test_it_has_every_filter_and_one_of_each_plugin_works(told):
    assert told["broken"] == {}
    applied = told["applied"]
    assert {"safelight-codec", "safelight-floatmap", *applied} == OFFERING
    assert told["opened"] == "Portable FloatMap"  # what safelight-floatmap offers
    assert {item["plugin"] for item in told["listed"]} == set(told["plugins"]) == set(applied)
    for plugin, found in applied.items():
        assert "failed" not in found, f"{plugin}: {found['failed']}"
        assert found["apart"] > 0.9, plugin
    assert applied["safelight-enlarge"]["size"] == [96, 96]


def test_it_has_every_network_sample_painting_and_licence(told):
    networks = {path.stem for path in CHECKOUT.glob("plugins/*/*/*.onnx")}
    assert set(told["networks"]) == networks
    assert set(told["networks"].values()) == {True}  # as it was when its hash was written
    assert told["window"]["files"] == sorted(
        path.name for path in CHECKOUT.glob("resources/samples/*.jpg")
    )
    assert len(told["window"]["offered"]) == 4
    credits = tomllib.loads((CHECKOUT / "resources/styles/credits.toml").read_text("utf-8"))
    assert told["paintings"] == [item["title"] for item in credits["painting"]]
    assert set(told["licences"]) == {project["name"] for project in PROJECTS.values()}


@pytest.mark.parametrize("source", PROJECTS, ids=lambda path: path.name)
def test_a_wheel_holds_all_of_a_package_and_says_what_it_is(wheels, source):
    project = PROJECTS[source]
    with zipfile.ZipFile(wheels[project["name"]]) as wheel:
        packed = set(wheel.namelist())
        facts = f"{project['name'].replace('-', '_')}-{__version__}.dist-info"
        metadata = Parser().parsestr(wheel.read(f"{facts}/METADATA").decode())
        licence = wheel.read(f"{facts}/licenses/LICENSE").decode()
        notices = [x for x in packed if re.search(r"licenses/.*(card|LICENCES)\.md$", x)]
        noticed = "".join(wheel.read(name).decode() for name in notices)
    root = source / "editor" if source == CHECKOUT else source
    package = root / project["name"].replace("-", "_")
    files = {
        path.relative_to(root).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    if source == CHECKOUT:
        files |= {
            f"safelight/{path.relative_to(CHECKOUT).as_posix()}"
            for name in ("samples", "styles", "recipes", "autoencoder")
            for path in (CHECKOUT / "resources" / name).iterdir()
        }
    assert {name for name in packed if "/licenses/" not in name and ".dist-info" not in name} == (
        files
    )
    assert metadata["Version"] == __version__
    assert licence == (CHECKOUT / "LICENSE").read_text("utf-8")
    # Who is to be credited when the weights are passed on is passed on.
    for card in package.glob("card.md"):
        credits = re.findall(r"Credit: .*", card.read_text("utf-8"))
        assert all(credit in noticed for credit in credits), card
    if source == CHECKOUT:
        assert "CC0" in noticed
        assert metadata.get_all("Project-URL")


IMPORTED_AS = {"cv2": "opencv-python-headless", "PIL": "pillow", "onnx": "onnx", "numpy": "numpy"}


@pytest.mark.parametrize("source", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_states_what_it_imports(source):
    project = PROJECTS[source]
    stated = {Requirement(line).name for line in project["dependencies"]}
    # What the editor brings along need not be said twice.
    brought = {Requirement(line).name.lower() for line in PROJECTS[CHECKOUT]["dependencies"]}
    package = source / project["name"].replace("-", "_")
    needed = set()
    for module in package.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                needed |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                needed.add((node.module or "").split(".")[0])
    needed -= set(sys.stdlib_module_names) | {package.name}
    names = {IMPORTED_AS.get(name, name.replace("_", "-")) for name in needed}
    assert names <= stated | (brought if "safelight" in stated else set())


def test_the_extra_named_filters_is_every_plugin_that_ships():
    extras = PROJECTS[CHECKOUT]["optional-dependencies"]
    assert {Requirement(line).name for line in extras["filters"]} == OFFERING
    for line in extras["filters"]:
        assert __version__ in Requirement(line).specifier


def test_versions_are_one_version():
    assert PROJECTS[CHECKOUT]["dynamic"] == ["version"]
    assert {PROJECTS[path]["version"] for path in PLUGINS} == {__version__}
    changes = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changes, re.MULTILINE)
    assert newest
    assert newest[1] == __version__


def test_wheels_are_made_of_what_is_installed_without_make():
    found = runpy.run_path(str(CHECKOUT / ".ci/install.py"))["sources"]()
    assert [Path(path) for path in found] == list(PROJECTS)
