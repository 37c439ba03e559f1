"""How the window's code hangs together."""

import ast
from pathlib import Path

import pytest

import safelight.gui
from safelight.gui.window import Window

GUI = Path(safelight.gui.__file__).parent


def imported(path):
    """The modules of the window that a file imports when it is run or when a function is."""
    tree = ast.parse(path.read_text())
    typing = [x for x in ast.walk(tree) if isinstance(x, ast.If) and "TYPE_CHECKING" in ast.dump(x)]
    skipped = {id(inner) for outer in typing for inner in ast.walk(outer)}
    for item in ast.walk(tree):
        if id(item) in skipped:
            continue
        if isinstance(item, ast.ImportFrom) and item.module:
            yield item.module
            yield from (f"{item.module}.{name.name}" for name in item.names)
        elif isinstance(item, ast.Import):
            yield from (name.name for name in item.names)


def modules():
    for path in GUI.rglob("*.py"):
        parts = path.relative_to(GUI.parent.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def test_no_two_files_of_the_window_import_each_other_in_a_circle():
    known = dict(modules())
    packages = {name for name, path in known.items() if path.name == "__init__.py"}
    needs = {name: set(imported(path)) & known.keys() - packages for name, path in known.items()}
    while needs:
        free = {name for name, others in needs.items() if not others & needs.keys()}
        assert free, sorted(needs)
        needs = {name: others for name, others in needs.items() if name not in free}


@pytest.mark.parametrize(("kind", "methods", "lines"), [(Window, 40, 500)])
def test_a_class_that_was_a_hall_stays_small(kind, methods, lines):
    own = [item for item in vars(kind).values() if callable(item) or isinstance(item, property)]
    assert len(own) <= methods
    path = Path(__import__(kind.__module__, fromlist=["x"]).__file__)
    assert len(path.read_text().splitlines()) <= lines
