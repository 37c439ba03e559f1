"""Arrays are told: public docstrings over arrays say which shape and which numbers they have.

Whoever calls a function reads its docstring alone, not the one above or what the function calls.
"""

import ast
import itertools
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

FOLDERS = [
    CHECKOUT / "editor" / "safelight",
    *sorted(CHECKOUT.glob("plugins/*/safelight_*")),
]

ARRAYS = {"NDArray", "ndarray"}
TYPES = {"uint8", "uint16", "uint32", "int32", "int64", "float32", "float64", "floating", "bool_"}

SIDE = r"(?:``\w+``|[\w+*.\s]+?)"
SHAPE = re.compile(rf"\({SIDE}(?:,\s+{SIDE})*,?\)|of\s+(?:any|the\s+same)\s+shape")
"""``(height, width, 3 or 4)``, ``(n,)``, or that any shape will do; in parentheses with a comma."""

NUMBERS = re.compile(
    r"uint8|uint16|int32|int64|float32|float64|bool|dtype|depth|sRGB|linear|"
    r"-?\d+ (?:to|and|\.\.) \d+|``LEVELS``",
)
"""A dtype, a range or an encoding."""


def aliases(tree):
    """The names that a module gives to types of arrays without telling more, and the dtypes."""
    for node, after in itertools.pairwise([*tree.body, ast.Pass()]):
        if isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            value = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if isinstance(target, ast.Name) and getattr(value, "id", "") in ARRAYS and not told:
                yield target.id, named(node.value) & TYPES


def annotations(function):
    """The types of a function's arguments and result."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    found = [one.annotation for one in every if one is not None and one.annotation is not None]
    return found if function.returns is None else [*found, function.returns]


def named(annotation):
    """The names and attributes in a type, without the texts that explain it."""
    nodes = list(ast.walk(annotation))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def public(body, prefix="", derived=False):
    """Public functions and methods, by name, and whether a class below another has them."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body, f"{prefix}{node.name}.", bool(node.bases))
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield prefix + node.name, node, derived


def untold(source):
    """The public functions over arrays of a module whose docstrings leave something out."""
    tree = ast.parse(source)
    known = dict(aliases(tree))
    arrays = ARRAYS | known.keys()
    for name, function, derived in public(tree.body):
        names = set().union(*map(named, annotations(function)), set())
        text = ast.get_docstring(function)
        if not names & arrays or (text is None and derived):  # as what it takes the place of
            continue
        shapes = [found for found in SHAPE.findall(text or "") if "," in found or "shape" in found]
        typed = TYPES & names.union(*(known[name] for name in names & known.keys()))
        if not shapes or not (typed or NUMBERS.search(text or "")):
            yield f"{function.lineno} {name}"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_public_function_over_arrays_tells_their_shape_and_their_numbers(folder):
    left = [
        f"{path.relative_to(folder)}:{item}"
        for path in sorted(folder.rglob("*.py"))
        for item in untold(path.read_text("utf-8"))
    ]
    assert not left, "\n".join(left)


def test_a_function_that_says_too_little_is_found():
    with_docstring = 'def f(a: NDArray[{}]) -> None:\n    """{}"""'
    little = ["A picture.", "As ``g``.", "The inverse (see above).", "Pixels (height, width, 3)."]
    for text in little:
        assert list(untold(with_docstring.format("Any", text))), text
    assert list(untold(with_docstring.format("np.float32", "Light, 0 to 1.")))
    assert list(untold("class A:\n    def f(self) -> NDArray[np.uint8]: ..."))
    enough = ["(n,), 0 to 1.", "uint8 (height, width, 3 or 4).", "float32 of any shape."]
    for text in enough:
        assert not list(untold(with_docstring.format("Any", text))), text
    assert not list(untold("def f(size: int) -> int: ..."))
