"""No class of the window becomes a hall again."""

import ast
from pathlib import Path

import pytest

from safelight import gui

FOLDER = Path(gui.__file__).parent

METHODS, LINES = 40, 500
"""Most methods of a class, and lines of it; the latter also of a file in the middle."""

WATCHED = {
    "Canvas": "canvas/canvas.py",
    "Viewport": "canvas/viewport.py",
    "FilterStack": "jobs/filter_stack.py",
    "Jobs": "jobs/job_queue.py",
    "Previews": "previews/previews.py",
    "Results": "jobs/stale_results.py",
    "Session": "session.py",
    "Window": "window.py",
    "Workspace": "workspace.py",
}
"""The classes that are in the middle of the window, and their files."""


def classes(path):
    return [x for x in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(x, ast.ClassDef)]


@pytest.mark.parametrize("name", WATCHED)
def test_what_is_in_the_middle_of_the_window_has_a_file_that_is_read_at_a_sitting(name):
    path = FOLDER / WATCHED[name]
    assert name in [item.name for item in classes(path)]
    assert len(path.read_text("utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_no_class_of_the_window_is_a_hall(path):
    for made in classes(path):
        methods = [x for x in made.body if isinstance(x, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert len(methods) <= METHODS, made.name
        assert made.end_lineno - made.lineno + 1 <= LINES, made.name
