"""Filter: the decorator that turns a function from pixels to pixels into a filter.

The function's signature is the declaration. A decorated filter stays a function.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar, cast

from safelight.api.parameters import Parameter, ParameterError, Value, parameter_of

Function = TypeVar("Function", bound=Callable[..., Any])
Settings = Mapping[str, Value]
"""What a filter is told: the value of each parameter by its name."""

Reach = int | Callable[..., int]
"""How far a filter looks, in pixels: a number, or a function of parameters of those names."""

VERSION = 1
"""Version of this API. A plugin made for a later one is refused with that reason."""

_HOST_ARGUMENTS = ("job", "region")
_MARK = "__safelight_filter__"


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything the host knows of a filter without running it. Plain data: travels as JSON.

    ``id`` is ``PACKAGE.FUNCTION`` and permanent: saved documents hold it. ``scale`` is how
    many times as wide and high the result is: a number, or the name of the parameter that says.
    """

    id: str
    title: str
    category: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    scale: int | str = 1
    plugin: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """The short name: the function's, ``enlarge`` of ``safelight_enlarge.enlarge``."""
        return self.id.rsplit(".", 1)[-1]

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name. Raises ParameterError, listing those there are."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        names = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise ParameterError(f"{self.name} has no parameter {name}; it has {names}")

    def settings(self, given: Mapping[str, object] | None = None) -> dict[str, Value]:
        """Complete, checked settings: defaults, overlaid with what is given.

        Raises ParameterError for an unknown parameter or an illegal value.
        """
        values: dict[str, Value] = {item.name: item.default for item in self.parameters}
        for name, value in (given or {}).items():
            values[name] = self.parameter(name).check(value)
        return values

    def images(self, settings: Settings) -> dict[str, str]:
        """The pictures and layers that settings name, by parameter; those not set are left out."""
        named = {item.name: str(settings[item.name]) for item in self.parameters if item.is_image}
        return {name: text for name, text in named.items() if text}

    def factor(self, settings: Settings) -> int:
        """How many times as wide and high the result of these settings is."""
        return cast(int, settings[self.scale]) if isinstance(self.scale, str) else self.scale

    def to_json(self) -> dict[str, Any]:
        """The declaration as JSON-ready data."""
        return {
            "id": self.id,
            "title": self.title,
            "category": self.category,
            "description": self.description,
            "parameters": [parameter.to_json() for parameter in self.parameters],
            "scale": self.scale,
            "plugin": self.plugin,
            "version": self.version,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Declaration:
        """The inverse of ``to_json``. Raises ParameterError for data that is no declaration."""
        try:
            texts = {
                name: str(data[name])
                for name in ("id", "title", "category", "description", "plugin", "version")
            }
            parameters = tuple(Parameter.from_json(item) for item in data["parameters"])
            declaration = cls(parameters=parameters, scale=data["scale"], **texts)
            _check_scale(declaration)
        except (KeyError, TypeError, AttributeError) as error:
            raise ParameterError(f"not a filter's declaration: {error!r}") from None
        return declaration


@dataclass(frozen=True, slots=True)
class Registered:
    """A filter inside the process that runs it: its declaration, its function, its reach."""

    declaration: Declaration
    function: Callable[..., Any]
    reach: Reach
    wants: frozenset[str]

    def reach_of(self, settings: Settings) -> int:
        """How many pixels around its own a result pixel depends on, for these settings.

        Raises ValueError when the plugin's own function gives something else than a length.
        """
        reach = self.reach
        if callable(reach):
            names = inspect.signature(reach).parameters
            reach = reach(**{name: settings[name] for name in names})
        if not _is_whole(reach) or reach < 0:
            raise ValueError(f"reach is {reach!r}; it must be a whole number of pixels, 0 or more")
        return reach


def filter(
    title: str, *, category: str, reach: Reach = 0, scale: int | str = 1
) -> Callable[[Function], Function]:
    """Declare a function from an image to an image as a filter.

    ``title`` is the menu entry, the docstring the tooltip. ``reach`` is how many pixels around
    its own a result pixel depends on: 0 for a point filter, a number, or a function of
    parameters (``reach=lambda radius: math.ceil(3 * radius)``). The reach of networks run
    through ``job`` is read from their files and added. ``scale`` says how much larger the
    result is: a number or a parameter's name. Raises TypeError for a signature that is no
    declaration.
    """

    def decorate(function: Function) -> Function:
        setattr(function, _MARK, _declare(function, title, category, reach, scale))
        return function

    return decorate


def registered(function: Callable[..., Any]) -> Registered:
    """What ``@api.filter`` noted on a function. Raises TypeError when it is no filter."""
    found = getattr(function, _MARK, None)
    if not isinstance(found, Registered):
        name = getattr(function, "__name__", repr(function))
        raise TypeError(f"{name} is not decorated with @api.filter")
    return found


def _declare(
    function: Callable[..., Any], title: str, category: str, reach: Reach, scale: int | str
) -> Registered:
    name = function.__name__
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError) as error:
        raise TypeError(f"{name}: a type in its signature cannot be found: {error}") from None
    arguments = list(inspect.signature(function).parameters.values())
    if not arguments or arguments[0].default is not inspect.Parameter.empty:
        raise TypeError(f"{name}: the first argument of a filter is the image")
    wants, parameters = set(), []
    for argument in arguments[1:]:
        if argument.name in _HOST_ARGUMENTS:
            wants.add(argument.name)
            continue
        if argument.default is inspect.Parameter.empty:
            raise TypeError(f"{name}: parameter {argument.name} needs a default")
        if argument.name not in hints:
            raise TypeError(f"{name}: parameter {argument.name} needs a type")
        parameters.append(parameter_of(argument.name, hints[argument.name], argument.default))
    declaration = Declaration(
        id=f"{function.__module__.split('.')[0]}.{name}",
        title=title,
        category=category,
        description=inspect.getdoc(function) or "",
        parameters=tuple(parameters),
        scale=scale,
    )
    _check_scale(declaration)
    _check_reach(declaration, reach)
    return Registered(declaration, function, reach, frozenset(wants))


def _check_scale(declaration: Declaration) -> None:
    """Raise TypeError unless the scale is a whole number of 1 or more, or a parameter of such."""
    name, scale = declaration.name, declaration.scale
    if isinstance(scale, str):
        named = [item for item in declaration.parameters if item.name == scale]
        if not named:
            raise TypeError(f"{name}: scale names no parameter: {scale}")
        (parameter,) = named
        if parameter.kind == "choice":
            values: tuple[object, ...] = parameter.choices
        else:
            values = (parameter.minimum if parameter.kind == "integer" else None,)
    else:
        values = (scale,)
    if not all(_is_whole(value) and value >= 1 for value in values):
        raise TypeError(
            f"{name}: scale is {scale!r}; it must be a whole number of 1 or more, or the name of a"
            " parameter that only holds such numbers"
        )


def _check_reach(declaration: Declaration, reach: Reach) -> None:
    """Raise TypeError for a reach that no settings make right."""
    name = declaration.name
    if callable(reach):
        known = {item.name for item in declaration.parameters}
        unknown = [item for item in inspect.signature(reach).parameters if item not in known]
        if unknown:
            raise TypeError(f"{name}: reach asks for {unknown[0]}, which is no parameter")
    elif not _is_whole(reach) or reach < 0:
        raise TypeError(
            f"{name}: reach is {reach!r}; it must be a whole number of pixels, 0 or more, or a"
            " function of parameters"
        )


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
