"""No class or file of the window becomes a hall again, and none needs one that needs it."""

import ast
from pathlib import Path

import pytest
from grimp import build_graph

from safelight import gui

FOLDER = Path(gui.__file__).parent

METHODS, LINES = 40, 500
"""Most methods of a class, and lines of it and of its file."""

WATCHED = {
    "Canvas": "canvas/canvas.py",
    "Viewport": "canvas/viewport.py",
    "FilterStack": "filterstack.py",
    "Jobs": "jobs.py",
    "Previews": "previews.py",
    "Results": "results.py",
    "Session": "session.py",
    "Workspace": "workspace.py",
}
"""The classes that are in the middle of the window, and their files."""


@pytest.mark.parametrize("name", WATCHED)
def test_what_is_in_the_middle_of_the_window_stays_small(name):
    text = (FOLDER / WATCHED[name]).read_text("utf-8")
    found = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    (made,) = found
    methods = [x for x in made.body if isinstance(x, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(methods) <= METHODS
    assert made.end_lineno - made.lineno + 1 <= LINES
    assert len(text.splitlines()) <= LINES


def test_no_file_of_the_window_needs_one_that_needs_it():
    graph = build_graph("safelight", cache_dir=None)
    inside = {name for name in graph.modules if name.startswith("safelight.gui.")}
    waiting = {name: graph.find_modules_directly_imported_by(name) & inside for name in inside}
    while ready := {name for name, needs in waiting.items() if not needs & set(waiting)}:
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    assert not waiting, f"they need one another: {sorted(waiting)}"
