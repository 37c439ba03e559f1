"""Docstrings name what they speak of: none begins with a pronoun that has no noun before it.

Whoever reads a docstring in a tooltip or in the reference sees neither the class around it nor the
docstring above it.
"""

import ast
import itertools
import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]

FILES = [
    path
    for folder in [CHECKOUT / "editor" / "safelight", *CHECKOUT.glob("plugins/*/safelight_*")]
    for path in sorted(folder.rglob("*.py"))
]

PRONOUN = r"(?:it|its|they|them|these|those)\b"
ASKING = r"(?:What|Whether|How(?: \w+)?|Where|Which|When|Why)"
BEGINNING = rf"(?:\w+|{ASKING}|(?:Say|Note|Hears) how \w+|All that|Every \w+|All of)"
WITHOUT_NOUN = re.compile(rf"{BEGINNING} {PRONOUN}|(?:The same|It|They|These|Those|As ``|Such)\b")

WITH_NOUN = re.compile(
    r"\w+ (?:these|those) [a-z]+|\w+ those (?:of|that|who|with|in|which)\b"
    r"|(?:What|How \w+) it (?:costs|counts|shows)\b"
)
"""A pronoun that a noun or a clause follows, or an "it" that stands for nothing."""


def texts(source):
    """The docstrings of a module, of its classes, functions and values, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""
        body = getattr(node, "body", None)
        for value, after in itertools.pairwise(body if isinstance(body, list) else []):
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if isinstance(value, ast.Assign | ast.AnnAssign) and told:
                yield after.lineno, str(after.value.value)


def pronouns(source):
    """The docstrings of a module that begin with a pronoun without its noun, after their lines."""
    for line, text in texts(source):
        words = " ".join(text.split())
        if WITHOUT_NOUN.match(words) and not WITH_NOUN.match(words):
            yield f"{line} {words[:80]}"


def test_no_docstring_begins_with_a_pronoun_without_its_noun():
    left = [
        f"{path.relative_to(CHECKOUT)}:{item}"
        for path in FILES
        for item in pronouns(path.read_text("utf-8"))
    ]
    assert not left, "\n".join(left)


def test_a_docstring_that_needs_another_one_is_found():
    asked = 'def f() -> None:\n    """{}"""'
    for text in ("Stop it.", "What it may do.", "The same, of a guide.", "How far it is, 0 to 1."):
        assert list(pronouns(asked.format(text))), text
    for text in ("Stop the job; it ends soon.", "Show these filters.", "Keep those that are new."):
        assert not list(pronouns(asked.format(text))), text
    assert list(pronouns('LIMIT = 3\n"""Those of them that count."""'))
