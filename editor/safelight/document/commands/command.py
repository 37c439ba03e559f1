"""Command: an edit, from a document to a document, and how such functions are declared.

A command is one function that takes a document and, by keyword, its settings. Its signature
declares them as a filter's does (``api.parameters``), so that the window, the command line, a
history and a recipe can all ask for it, check it and write it down.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from safelight.api import Parameter, ParameterError, Value
from safelight.api.kinds import frozen
from safelight.api.parameters import parameter_of
from safelight.document.document import Document
from safelight.document.layer import Layer

if TYPE_CHECKING:
    from safelight.document.rendered.live import Live

Settings: TypeAlias = Mapping[str, Value]


class EditError(ValueError):
    """An edit that this document does not allow; the message says why, for people."""


def allowed(change: Callable[..., Document], *given: Any, **settings: Any) -> Document:
    """The document that ``change`` gives. Its ValueError is what a document does not allow: raises
    EditError.
    """
    try:
        return change(*given, **settings)
    except EditError:
        raise
    except ValueError as error:
        raise EditError(str(error)) from None


_PLACE: dict[str, Any] = {"above": "", "masked": True}
"""What a record says of a filter's layer, as usual."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a step did, as data: the id of a command or of a filter, and its settings.

    Of a filter that became a layer, ``above`` is the layer above which that lies, by its id or
    name, "" = the active one; ``masked`` says that it has what was selected as its mask.
    """

    kind: Literal["command", "filter"]
    id: str
    settings: Settings = field(default_factory=dict)
    above: str = ""
    masked: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready data: ``{"command": id, "settings": {…}}``, or with ``"filter"``, and for that
        where it lies and whether it is masked, unless as usual.
        """
        place: dict[str, Any] = {"above": self.above} if self.above else {}
        if not self.masked:
            place["masked"] = False
        return {self.kind: self.id, "settings": dict(self.settings), **place}

    @classmethod
    def from_json(cls, data: object) -> Record:
        """The inverse of ``to_json``. Raises ValueError for what is no record."""
        if not isinstance(data, dict) or len({"command", "filter"} & set(data)) != 1:
            raise ValueError('a step has either a "command" or a "filter"')
        kind: Literal["command", "filter"] = "command" if "command" in data else "filter"
        if more := set(data) - {kind, "settings"} - set(_PLACE if kind == "filter" else ()):
            raise ValueError(f"a step has no {sorted(map(str, more))[0][:40]!r}")
        settings = data.get("settings", {})
        if not isinstance(data[kind], str) or not isinstance(settings, dict):
            raise ValueError(f"a step's {kind} is a text, and its settings are an object")
        place = {name: data.get(name, usual) for name, usual in _PLACE.items()}
        if any(type(place[name]) is not type(usual) for name, usual in _PLACE.items()):
            raise ValueError('a step\'s "above" is a text, and "masked" is true or false')
        given = {name: frozen(value) for name, value in settings.items()}
        return cls(kind, data[kind], given, **place)


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a document: a label people read in the history, and the function.

    Edits with the same ``token``, one after the other, are one step of the history: the many
    positions of one slider drag. An edit that ``renders`` pixels takes its time, and may need
    cheap filters for it: apply it on a thread, ``through`` whoever runs them. ``record`` is the
    edit as data; None where it holds pixels, which no data of a step do.
    """

    label: str
    apply: Callable[[Document], Document]
    token: str | None = None
    renders: Callable[[Document, Live | None], Document] | None = None
    record: Record | None = None

    def through(self, live: Live | None) -> Edit:
        """The edit with ``live`` to run cheap filters; itself when it renders nothing."""
        if self.renders is None:
            return self
        renders = self.renders
        return replace(self, apply=lambda document: renders(document, live))

    def upon(self, before: Document, token: str) -> Edit:
        """The edit made of ``before``, whatever has become of that since: what is tried with one
        setting after another is one step, of the last of them.
        """
        apply, renders = self.apply, self.renders
        return replace(
            self,
            apply=lambda _: apply(before),
            token=token,
            renders=None if renders is None else lambda _, live: renders(before, live),
        )


When: TypeAlias = Callable[[Document, Layer | None], bool]
"""Whether a command can be asked for, of a document and its active layer."""


def always(document: Document, layer: Layer | None) -> bool:
    """When there is a document."""
    return True


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a menu: its ``text``, with & before the letter that is underlined, the settings
    that it gives a command, and its keys.
    """

    text: str
    settings: Settings = field(default_factory=dict)
    shortcut: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A declared command. Called with its settings it gives the edit; nothing is done then yet.

    ``id`` is permanent: histories and recipes hold it. ``text`` is its title, with & before the
    letter that a menu underlines; ``menu`` the menu where it is found ("" = none) and ``section``
    the part of that, ``submenu`` what of it opens beside it, ``shortcut`` the keys, ``context``
    says that a layer's own menu has it too, ``asks`` that the window asks for its settings,
    ``tries`` that they are seen meanwhile,
    ``when`` for which documents and layers it can be asked for, ``words`` what the history calls
    it with some settings, ``button`` the icon of its
    button at the list of layers. ``marked`` tells, of what can be on or off, whether it is on;
    asked for in the window, the command switches that. ``entries`` are its lines in the menu where
    one is not enough: a line for each way of using it. A command with a
    parameter ``layer`` works on the layer with that id or name; "" is the active one.
    """

    id: str
    text: str
    function: Callable[..., Document]
    parameters: tuple[Parameter, ...] = ()
    description: str = ""
    menu: str = ""
    section: int = 0
    shortcut: str = ""
    context: bool = False
    asks: bool = False
    when: When = always
    words: Callable[[Settings], str] | None = None
    button: str = ""
    marked: When | None = None
    entries: tuple[Entry, ...] = ()
    renders: bool = False
    tries: bool = False
    submenu: str = ""

    @property
    def title(self) -> str:
        """What people read, everywhere the same."""
        return self.text.replace("&", "")

    @property
    def lines(self) -> tuple[Entry, ...]:
        """The command's lines in a menu."""
        return self.entries or (Entry(self.text, shortcut=self.shortcut),)

    @property
    def switch(self) -> str:
        """The setting that says whether what the command switches is to be on."""
        return next(item.name for item in self.parameters if item.kind == "flag")

    @property
    def on_layer(self) -> bool:
        """Whether the command works on one layer."""
        return any(item.name == "layer" for item in self.parameters)

    def parameter(self, name: str) -> Parameter:
        """The parameter with that name. Raises ParameterError for one that is not there."""
        for item in self.parameters:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.parameters)
        told = f"there are {known}" if known else "it has no settings"
        raise ParameterError(f"{self.id} has no setting {name}; {told}")

    def settings(self, given: Mapping[str, object] | None = None) -> dict[str, Value]:
        """Every setting, those not given at their defaults. Raises ParameterError."""
        found: dict[str, Value] = {item.name: item.default for item in self.parameters}
        for name, value in (given or {}).items():
            found[name] = self.parameter(name).check(value)
        return found

    def __call__(self, *given: object, token: str | None = None, **named: object) -> Edit:
        """The edit with these settings, in the order of the signature or by name.

        Settings outside what is legal are an EditError when the edit is applied.
        """
        if len(given) > len(self.parameters):
            raise TypeError(f"{self.id} has {len(self.parameters)} settings, not {len(given)}")
        names = [item.name for item in self.parameters]
        stated = dict(zip(names, given, strict=False)) | named
        if unknown := set(stated) - set(names):
            raise TypeError(f"{self.id} has no setting {', '.join(sorted(unknown))}")
        try:
            settings = self.settings(stated)
        except ParameterError as error:
            return Edit(self.title, _refusing(str(error)), token)
        words = self.title if self.words is None else self.words(settings)
        record = Record("command", self.id, self.shortest(settings))

        def apply(document: Document, live: Live | None = None) -> Document:
            told: dict[str, Any] = dict(settings)
            if self.on_layer:
                told["layer"] = layer_named(document, str(told["layer"])).id
            if self.renders:
                told["live"] = live
            return allowed(self.function, document, **told)

        return Edit(words, apply, token, apply if self.renders else None, record)

    def shortest(self, settings: Settings) -> dict[str, Value]:
        """The settings without those at their defaults."""
        return {
            item.name: settings[item.name]
            for item in self.parameters
            if settings[item.name] != item.default
        }


DECLARED: dict[str, Command] = {}
"""Every declared command by its id, in the order of the declarations."""


def command(
    text: str,
    *,
    id: str = "",
    menu: str = "",
    section: int = 0,
    shortcut: str = "",
    context: bool = False,
    asks: bool = False,
    when: When = always,
    words: Callable[[Settings], str] | None = None,
    button: str = "",
    marked: When | None = None,
    entries: Sequence[Entry] = (),
    tries: bool = False,
    submenu: str = "",
) -> Callable[[Callable[..., Document]], Command]:
    """Declare a function as a command: ``def flip(document, *, axis: Literal[…] = …)``.

    The function's name is the command's id, its docstring the description. One that has an
    argument ``live`` renders pixels. Raises TypeError for a signature that declares none.
    """

    def decorate(function: Callable[..., Document]) -> Command:
        name = id or function.__name__
        hints = typing.get_type_hints(function, include_extras=True)
        first, *others = inspect.signature(function).parameters.values()
        if first.name != "document" or any(item.kind is not item.KEYWORD_ONLY for item in others):
            raise TypeError(f"{name}: a command takes a document, and its settings by keyword")
        told = [item for item in others if item.name != "live"]
        found = Command(
            id=name,
            text=text,
            function=function,
            parameters=tuple(
                parameter_of(item.name, hints[item.name], item.default) for item in told
            ),
            description=inspect.getdoc(function) or "",
            menu=menu,
            section=section,
            shortcut=shortcut,
            context=context,
            asks=asks,
            when=when,
            words=words,
            button=button,
            marked=marked,
            entries=tuple(entries),
            renders=len(told) < len(others),
            tries=tries,
            submenu=submenu,
        )
        if name in DECLARED:
            raise TypeError(f"there is a command {name} already")
        DECLARED[name] = found
        return found

    return decorate


def layer_named(document: Document, name: str) -> Layer:
    """The layer with that id, or the only one with that name; the uppermost for "".

    Raises KeyError where there is none, and EditError where several have the name.
    """
    if not name:
        return document.layers[-1]
    layers = list(document.walk())
    found = [layer for layer in layers if layer.id == name]
    found = found or [layer for layer in layers if layer.name == name]
    if len(found) > 1:
        raise EditError(f"{len(found)} layers are called {name}")
    return found[0] if found else document.layer(name)


def _refusing(reason: str) -> Callable[[Document], Document]:
    def apply(document: Document) -> Document:
        raise EditError(reason)

    return apply
