"""resources/parameters.md says what the code does: each row is read and tried."""

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Annotated, Literal, get_origin

import pytest

from safelight import api
from safelight.api.kinds import KINDS
from safelight.api.parameters import parameter_of

PAGE = Path(__file__).parents[2] / "resources" / "parameters.md"
NAMES = {"api": api, "Annotated": Annotated, "Literal": Literal, "bool": bool, "str": str}
NAMES |= {"int": int, "float": float, "tuple": tuple}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


HEAD, _, *ROWS = [cells(line) for line in PAGE.read_text("utf-8").splitlines() if line[:1] == "|"]
TABLE = {row[0].strip("`"): dict(zip(HEAD, row, strict=True)) for row in ROWS}


def code(cell):
    """What stands in the cell's first code span."""
    return re.match("`([^`]+)`", cell).group(1)


def typed(row):
    """The parameter's name, and what is typed for it."""
    return code(row["Command line"]).removeprefix("--set ").split("=", 1)


def parameter(sort):
    row = TABLE[sort]
    name, _ = typed(row)
    annotation = eval(sort, NAMES)  # noqa: S307 - it stands in our own page
    default = None if "or `None`" in row["The filter receives"] else ast.literal_eval(received(row))
    return parameter_of(name, annotation, default)


def received(row):
    return code(row["The filter receives"])


def test_every_type_of_the_api_and_every_kind_has_its_row():
    types = {f"api.{name}" for name in api.__all__ if get_origin(getattr(api, name)) is Annotated}
    assert types == {sort for sort in TABLE if sort.startswith("api.")}
    assert {code(row["Kind"]) for row in TABLE.values()} == set(KINDS)


def test_no_row_is_there_twice():
    assert len(TABLE) == len(ROWS)


@pytest.mark.parametrize("sort", TABLE)
def test_a_type_declares_the_kind_and_the_range_of_its_row(sort):
    row, declared = TABLE[sort], parameter(sort)
    assert declared.to_json()["kind"] == code(row["Kind"])
    assert row["What it means"].endswith(f": {declared.range_text()}")


@pytest.mark.parametrize("sort", TABLE)
def test_the_command_line_and_the_json_of_a_row_are_one_value(sort):
    row, declared = TABLE[sort], parameter(sort)
    _, text = typed(row)
    value = declared.parse(text)
    assert value == declared.check(json.loads(code(row["JSON"])))
    assert declared.text(value) == text
    assert declared.check(json.loads(json.dumps(value))) == value


@pytest.mark.parametrize("sort", TABLE)
def test_a_filter_receives_what_the_row_says(sort):
    row, declared = TABLE[sort], parameter(sort)
    value = declared.parse(typed(row)[1])
    if declared.is_image:
        assert received(row) == "api.Image"
        assert row["The filter receives"].endswith("or `None`")
    else:
        expected = ast.literal_eval(received(row))
        assert (type(value), value) == (type(expected), expected)


@pytest.mark.parametrize("sort", TABLE)
def test_a_type_has_the_control_of_its_row(sort, qtbot):
    from safelight.gui.controls import control_for

    control = control_for(parameter(sort))
    qtbot.addWidget(control)
    words = " ".join(inspect.getdoc(type(control)).split("\n\n")[0].split())
    assert words.split(". ")[0].removesuffix(".") == TABLE[sort]["Control"]


def test_the_range_of_a_whole_number_is_written_out():
    assert parameter("api.Seed").range_text() == "0 to 4294967295"
