"""Print the API reference: what a plugin may import, from its docstrings, as Markdown."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

EDITOR = Path(__file__).parents[1] / "editor"

HEAD = """\
# API reference

All that a plugin may import: `from safelight import api`, and in its tests `from safelight.api
import testing`. The [tutorial](tutorial.md) shows how it is used. This page is made from the
docstrings by `make reference`.
"""

_STARS = {
    griffe.ParameterKind.var_positional: "*",
    griffe.ParameterKind.var_keyword: "**",
}

Object = griffe.Function | griffe.Class | griffe.Attribute


def reference() -> str:
    """The whole page."""
    package = griffe.load("safelight.api", search_paths=[EDITOR])
    assert isinstance(package, griffe.Module)
    parts, testing = [HEAD], package.modules["testing"]
    for module in sorted(package.modules.values(), key=lambda item: (item is testing, item.name)):
        wanted = set(_exported(testing if module is testing else package))
        found = list(_defined(module, wanted))
        if found:
            parts += [f"## {module.name.capitalize()}", _text(module)]
            parts += [part for item in found for part in _item(item)]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _exported(module: griffe.Module) -> Iterator[str]:
    """The names that a module exports, with those of the modules whose lists it adds to its own."""
    for name in module.exports or ():
        if isinstance(name, griffe.Expr):
            yield from _exported(module.modules[name.canonical_path.split(".")[-2]])
        else:
            yield str(name)


def _defined(module: griffe.Module, names: set[str]) -> Iterator[Object]:
    """What a module defines, or the testing kit passes on, of these names, in their order."""
    for name, member in module.members.items():
        if name not in names:
            continue
        if not member.is_alias:
            yield member
        elif module.name == "testing":
            yield member.final_target


def _item(item: Object) -> Iterator[str]:
    yield f"### {item.name}"
    if isinstance(item, griffe.Attribute):
        yield f"```py\n{item.name} = {_value(item)}\n```"
        yield _text(item)
        return
    if isinstance(item, griffe.Function):
        yield f"```py\n{_signature(item)}\n```"
        yield _text(item)
        return
    bases = ", ".join(str(base) for base in item.bases)
    yield f"```py\nclass {item.name}{f'({bases})' if bases else ''}\n```"
    yield _text(item)
    fields = [field for field in item.attributes.values() if _is_field(field)]
    if fields:
        yield "\n".join(f"- `{_field(field)}`" for field in fields)
    for method in item.functions.values():
        if not method.name.startswith("_"):
            yield f"#### {item.name}.{method.name}"
            yield f"```py\n{_signature(method)}\n```"
            yield _text(method)
    for attribute in item.attributes.values():
        if "property" in attribute.labels:
            yield f"#### {item.name}.{attribute.name}"
            yield f"```py\n{attribute.name}: {attribute.annotation}\n```"
            yield _text(attribute)


def _is_field(attribute: griffe.Attribute) -> bool:
    return not attribute.name.startswith("_") and "property" not in attribute.labels


def _field(field: griffe.Attribute) -> str:
    value = "" if field.value is None else f" = {field.value}"
    return f"{field.name}: {field.annotation}{value}"


def _value(item: griffe.Attribute) -> str:
    """What a constant is; a long one is left to its docstring."""
    value = str(item.value)
    return value if len(value) < 90 else "…"


def _signature(function: griffe.Function) -> str:
    """A function's head, on several lines when it is long."""
    words: list[str] = []
    star = False
    for parameter in function.parameters:
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not star:
            words.append("*")
            star = True
        word = _STARS.get(parameter.kind, "") + parameter.name
        star = star or word.startswith("*")
        word += f": {parameter.annotation}" if parameter.annotation is not None else ""
        if parameter.default is not None and not word.startswith("*"):
            word += f" = {parameter.default}"
        words.append(word)
    tail = f" -> {function.returns}" if function.returns is not None else ""
    line = f"{function.name}({', '.join(words)}){tail}"
    if len(line) <= 96:
        return line
    inner = "".join(f"    {word},\n" for word in words)
    return f"{function.name}(\n{inner}){tail}"


def _text(item: griffe.Object) -> str:
    """A docstring as Markdown."""
    text = item.docstring.value if item.docstring else ""
    return re.sub(r"::$", ":", text.replace("``", "`"), flags=re.MULTILINE)


if __name__ == "__main__":
    sys.stdout.write(reference())
