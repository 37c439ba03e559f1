"""What an import loads: the core needs no window, no runtime and no torch."""

import subprocess
import sys

import pytest


def loaded_by(statement):
    script = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    "module",
    ["safelight.actions", "safelight.cli", "safelight.cli.basic_commands", "safelight.library"],
)
def test_the_core_loads_no_qt_no_runtime_no_torch_and_no_compiler(module):
    unwanted = {"PySide6", "shiboken6", "onnxruntime", "torch", "numba", "llvmlite"}
    assert not loaded_by(f"import {module}") & unwanted


def test_the_api_loads_numpy_and_pluggy_alone():
    ours = loaded_by("import safelight.api")
    theirs = loaded_by("import numpy, pluggy, numpy.typing, typing, inspect, dataclasses, abc, re")
    assert ours - theirs == {"safelight"}


def test_a_worker_loads_no_qt_and_no_library():
    whole = "import safelight.workers.far.worker_main, sys; assert 'safelight.library' not in "
    loaded = loaded_by(f"{whole}sys.modules")
    assert not loaded & {"PySide6", "shiboken6", "onnxruntime", "torch"}


def test_a_plugin_that_is_only_listed_loads_no_compiler_no_opencv_and_no_runtime():
    every = (
        "from importlib.metadata import entry_points as found; from safelight.api import PROJECT"
    )
    loaded = loaded_by(f"{every}\nfor point in found(group=PROJECT): point.load()")
    assert "safelight_style" in loaded
    assert not loaded & {"numba", "llvmlite", "cv2", "scipy", "onnxruntime", "torch"}


@pytest.fixture(scope="module")
def read_imports(tmp_path_factory):
    """A folder for what the imports of each file are, so that every file is read once."""
    return str(tmp_path_factory.mktemp("imports"))


def test_the_import_rules_hold(read_imports, capsys):
    from importlinter.cli import lint_imports

    assert lint_imports(cache_dir=read_imports) == 0, capsys.readouterr().out


@pytest.mark.parametrize("package", ["safelight", "models"])
def test_no_file_needs_one_that_needs_it(read_imports, package):
    from grimp import build_graph

    graph = build_graph(package, cache_dir=read_imports)
    # A package's own list of names stands above the modules that it lists.
    inside = {name for name in graph.modules if not graph.find_children(name)}
    waiting = {name: graph.find_modules_directly_imported_by(name) & inside for name in inside}
    while ready := {name for name, needs in waiting.items() if not needs & set(waiting)}:
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    assert not waiting, f"they need one another: {sorted(waiting)}"
