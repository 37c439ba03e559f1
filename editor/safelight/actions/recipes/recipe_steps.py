"""Recipe steps: a recipe as data, from JSON and back; resources/recipe.schema.json has its form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from safelight.actions.recipes.picture_facts import Fact, condition_fault, holds
from safelight.actions.recipes.varying_settings import (
    Open,
    Told,
    Varying,
    questions,
    resolved,
    told,
    varying,
)
from safelight.api import Value
from safelight.api.kinds import frozen
from safelight.document import Record
from safelight.files import ExportError, ExportOptions, profile_of
from safelight.files.exports.export_names import field_fault

VERSION = 2
"""Of the form of a recipe. Those of version 1 are of this form as well."""

_READ = (1, VERSION)

_LARGEST = 64 * 2**20
"""Bytes of a recipe that is read: strokes and pictures among its settings are long."""

_MOST_STEPS = 10_000

_SHORTEST_PROFILE = 64
"""Characters from which on a text is a profile in base64: a header alone has 128 bytes."""

Kind: TypeAlias = Literal["command", "filter", "select"]

_USUAL: dict[str, Any] = {"above": "", "masked": True}
"""What a step says of a filter's layer, as usual."""

Condition: TypeAlias = Mapping[str, Any]


class RecipeError(ValueError):
    """A recipe that cannot be used; the message says why, and which step and setting it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is done: a command or a filter with its settings, or a mask file that is selected.

    ``id`` is the command's, the filter's or the mask's path, from the recipe's folder. ``when`` is
    a condition without which the step is left out, ``unless`` one with which it is; None: always.
    ``above`` and ``masked`` are as in ``Record``.
    """

    kind: Kind
    id: str
    settings: Mapping[str, Told] = field(default_factory=dict)
    above: str = ""
    masked: bool = True
    when: Condition | None = None
    unless: Condition | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    @classmethod
    def of(cls, record: Record) -> Step:
        """The step that does again what a history's did."""
        return cls(record.kind, record.id, record.settings, record.above, record.masked)

    @property
    def varies(self) -> bool:
        """Whether the step depends on what is known of the picture."""
        varying = any(isinstance(value, Varying) for value in self.settings.values())
        return varying or self.when is not None or self.unless is not None

    def asked_for(self, known: Mapping[str, Fact]) -> bool:
        """Whether the step is done to a picture of which those facts are known."""
        if self.when is not None and not holds(self.when, known):
            return False
        return self.unless is None or not holds(self.unless, known)

    def record(self, known: Mapping[str, Fact]) -> Record:
        """The command or filter with settings for one picture. Raises Unknown."""
        assert self.kind != "select"
        settings = resolved(self.settings, known)
        return Record(self.kind, self.id, settings, self.above, self.masked)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data; what is as usual is left out."""
        data: dict[str, Any] = {self.kind: self.id}
        if self.kind != "select":
            data["settings"] = {name: told(value) for name, value in self.settings.items()}
        data |= {"above": self.above} if self.above else {}
        data |= {} if self.masked else {"masked": False}
        data |= {"when": dict(self.when)} if self.when is not None else {}
        return data | ({"unless": dict(self.unless)} if self.unless is not None else {})

    @classmethod
    def from_json(cls, data: object) -> Step:
        """The step that ``to_json`` made data of. Raises ValueError for what is no step."""
        kinds = [kind for kind in _KINDS if isinstance(data, dict) and kind in data]
        if not isinstance(data, dict) or len(kinds) != 1:
            raise ValueError('a step has either a "command", a "filter" or a "select"')
        kind = kinds[0]
        if more := set(data) - {kind, "when", "unless"} - _KINDS[kind]:
            raise ValueError(f"a step has no {sorted(map(str, more))[0][:40]!r}")
        settings = data.get("settings", {})
        if not isinstance(data[kind], str) or not isinstance(settings, dict):
            raise ValueError(f"a step's {kind} is a text, and its settings are an object")
        place = {name: data.get(name, usual) for name, usual in _USUAL.items()}
        if any(type(place[name]) is not type(usual) for name, usual in _USUAL.items()):
            raise ValueError('a step\'s "above" is a text, and "masked" is true or false')
        for name in ("when", "unless"):
            if name in data and (fault := condition_fault(data[name])):
                raise ValueError(f"{name}: {fault}")
        given: dict[str, Told] = {}
        for name, value in settings.items():
            try:
                given[name] = varying(value)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        told_when = {name: data[name] for name in ("when", "unless") if name in data}
        return cls(kind, data[kind], given, **place, **told_when)


_KINDS: dict[Kind, set[str]] = {
    "command": {"settings"},
    "filter": {"settings", *_USUAL},
    "select": set(),
}
"""The kinds of steps, and what each can have."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a recipe leaves open: its ``title`` for people, and the answer unless there is one."""

    title: str
    default: Value
    help: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {"title": self.title, "default": self.default} | (
            {"help": self.help} if self.help else {}
        )

    @classmethod
    def from_json(cls, name: str, data: object) -> Question:
        """The question called ``name`` that ``to_json`` made data of. Raises ValueError."""
        if not isinstance(data, dict) or "default" not in data or set(data) - _OF_QUESTION:
            raise ValueError('is {"title": …, "default": …, "help": …}')
        default = frozen(data["default"])
        if isinstance(default, dict) or default is None:
            raise ValueError("has a default that is no value")
        title, help = data.get("title", name), data.get("help", "")
        if not isinstance(title, str) or not isinstance(help, str):
            raise ValueError("has a title and a help that are texts")
        return cls(title, default, help)


_OF_QUESTION = {"title", "default", "help"}


def export_options(data: Mapping[str, Any]) -> ExportOptions:
    """Options of an export as ``ExportOptions.to_json`` tells them; the profile can be named as on
    the command line. Raises ValueError.
    """
    told, named = dict(data), data.get("profile")
    try:
        if isinstance(named, str) and len(named) < _SHORTEST_PROFILE:
            del told["profile"]
            return replace(ExportOptions.from_json(told), profile=profile_of(named))
        return ExportOptions.from_json(told)
    except ExportError as error:
        raise ValueError(str(error).rstrip(".")) from None


@dataclass(frozen=True, slots=True)
class RecipeExport:
    """How a recipe's pictures leave: the ``options`` of the export, and the ``pattern`` of their
    names without an ending, as ``export_names`` reads it. Raises ValueError for a field that no
    name has.
    """

    options: ExportOptions = field(default_factory=ExportOptions)
    pattern: str = "{name}"

    def __post_init__(self) -> None:
        if fault := field_fault(self.pattern):
            raise ValueError(fault)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data."""
        return {"pattern": self.pattern} | self.options.to_json()

    @classmethod
    def from_json(cls, data: object) -> RecipeExport:
        """The export that ``to_json`` made data of; a profile can be named as on the command line.
        Raises ValueError.
        """
        if not isinstance(data, dict):
            raise ValueError("is an object")
        options = dict(data)
        pattern = options.pop("pattern", "{name}")
        if not isinstance(pattern, str):
            raise ValueError("has a pattern that is a text")
        return cls(export_options(options), pattern)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps, in the order in which they are done.

    ``name`` and ``description`` are for people. ``open`` are its questions by name, ``export`` says
    how its pictures leave; None: as whoever runs it says. ``folder`` is where it lies: the masks
    that it names are there.
    """

    steps: tuple[Step, ...]
    name: str = ""
    description: str = ""
    open: Mapping[str, Question] = field(default_factory=dict)
    export: RecipeExport | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "open", MappingProxyType(dict(self.open)))

    @classmethod
    def of(cls, records: Sequence[Record]) -> Recipe:
        """The recipe that does again what steps of a history did."""
        return cls(tuple(map(Step.of, records)))

    def answered(self, answers: Mapping[str, Value] = MappingProxyType({})) -> Recipe:
        """The recipe with nothing left open: by ``answers``, or by the defaults. Raises RecipeError
        for an answer to no question.
        """
        if unknown := set(answers) - set(self.open):
            there = f"it asks for {', '.join(self.open)}" if self.open else "it asks for nothing"
            raise RecipeError(f"The recipe does not ask for {sorted(unknown)[0]}; {there}.")
        said = {name: item.default for name, item in self.open.items()} | dict(answers)

        def closed(step: Step) -> Step:
            settings = {
                name: said[value.question] if isinstance(value, Open) else value
                for name, value in step.settings.items()
            }
            return replace(step, settings=settings)

        return replace(self, steps=tuple(map(closed, self.steps)), open={})

    def to_json(self) -> str:
        """The recipe as text."""
        data: dict[str, Any] = {"version": VERSION}
        data |= {"name": self.name} if self.name else {}
        data |= {"description": self.description} if self.description else {}
        if self.open:
            data["open"] = {name: item.to_json() for name, item in self.open.items()}
        data["steps"] = [step.to_json() for step in self.steps]
        data |= {"export": self.export.to_json()} if self.export else {}
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The recipe that ``to_json`` made text of. Raises RecipeError."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"It is no JSON: {error}.") from None
        if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
            raise RecipeError(f'A recipe is {{"version": {VERSION}, "steps": […]}}.')
        if data.get("version") not in _READ or isinstance(data["version"], bool):
            shown = json.dumps(data.get("version"))[:40]
            raise RecipeError(f"It is of version {shown}; this Safelight knows 1 to {VERSION}.")
        if more := set(data) - _OF_RECIPE:
            raise RecipeError(f"A recipe has no {sorted(more)[0][:40]!r}.")
        if len(data["steps"]) > _MOST_STEPS:
            raise RecipeError(f"It has more than {_MOST_STEPS} steps.")
        words = [data.get(name, "") for name in ("name", "description")]
        if not all(isinstance(item, str) for item in words):
            raise RecipeError("The name and the description of a recipe are texts.")
        steps = []
        for number, step in enumerate(data["steps"], 1):
            try:
                steps.append(Step.from_json(step))
            except ValueError as error:
                raise RecipeError(f"Step {number}: {error}.") from None
        asked = dict(_questions(data.get("open", {})))
        for number, found in enumerate(steps, 1):
            for name in questions(found.settings):
                if name not in asked:
                    raise RecipeError(f'Step {number}: "open" of the recipe has no {name[:40]!r}.')
        export = None
        if "export" in data:
            try:
                export = RecipeExport.from_json(data["export"])
            except ValueError as error:
                raise RecipeError(f"Its export {error}.") from None
        return cls(tuple(steps), words[0], words[1], asked, export)


_OF_RECIPE = {"$schema", "version", "name", "description", "open", "steps", "export"}


def _questions(data: object) -> Iterator[tuple[str, Question]]:
    if not isinstance(data, dict):
        raise RecipeError('"open" of a recipe is an object.')
    for name, item in data.items():
        try:
            yield name, Question.from_json(name, item)
        except ValueError as error:
            raise RecipeError(f"What it leaves open as {name[:40]!r} {error}.") from None


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file. Raises RecipeError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise RecipeError(f"{path} is too large for a recipe.")
        return replace(Recipe.from_json(data.decode("utf-8")), folder=path.absolute().parent)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise RecipeError(f"{path} cannot be read: {reason}.") from None
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from None
