"""Declaration: everything that the host knows of a filter without running it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard, cast, get_args

from safelight.api.carried import Carried, carried_in
from safelight.api.kinds import Value
from safelight.api.parameters import Parameter, ParameterError
from safelight.api.prepare import Prepared

Settings = Mapping[str, Value]
"""What a filter is told: the value of each parameter by its name."""

Kind = Literal["filter", "masked", "selector", "generator", "tone", "sequence"]
"""What a filter is given and gives, as ``Declaration`` says."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Adds = Literal["", "between", "after"]
"""Where the frames stand that a filter of sequences adds, as ``Declaration`` says."""

Purpose = Literal["adjust", "restore", "enhance", "synthesise"]
"""What a filter does to the truth of a picture, as ``filter`` says."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

_TOLD_BEFORE: dict[str, Kind] = {
    "selects": "selector",
    "masked": "masked",
    "generates": "generator",
    "tone": "tone",
}
"""How records of plugins that were installed by Safelight 0.1 say of which kind a filter is."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything the host knows of a filter without running it. Plain data: travels as JSON.

    ``id`` is ``PACKAGE.FUNCTION`` and permanent: saved documents hold it. ``scale`` is how many
    times as wide and high the result is: a number, or the name of the parameter that says. ``kind``
    is what it is given and gives: "filter" a picture and a picture, "masked" besides a mask that
    says where, "selector" a picture and a selection, "generator" nothing and a picture, "tone"
    nothing and a table, which the host applies, "sequence" a frame with what was carried from the
    one before, and a frame with what is carried on: arrays as ``carries`` says. ``prepares`` names
    what it wants to see of the whole picture beforehand, and the parameters that this depends on;
    nothing for a filter that does not. ``zoomable``: a smaller picture gives a smaller version of
    the same result.
    ``invents``: it puts into a picture what was never there. ``keeps_grey``: it makes no colour
    where there is none. ``upgrades``: it brings settings of earlier versions up to date itself.
    ``auto``: it finds settings for a picture itself. ``purpose`` is what it is for: one of
    ``PURPOSES``. A filter of sequences that looks ``both_ways`` goes through what is exported
    backwards as well. ``adds`` says where the frames stand that a filter of sequences adds; without
    it, they take the place of those it is given. ``drafts`` names the quicker network that stands
    in for another while a setting moves, by the name of the other.
    """

    id: str
    title: str
    category: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    scale: int | str = 1
    plugin: str = ""
    version: str = ""
    kind: Kind = "filter"
    prepares: tuple[str, ...] = ()
    zoomable: bool = False
    invents: bool = False
    keeps_grey: bool = False
    upgrades: bool = False
    auto: bool = False
    purpose: Purpose = "adjust"
    carries: Mapping[str, Carried] = field(default_factory=dict)
    adds: Adds = ""
    both_ways: bool = False
    drafts: Mapping[str, str] = field(default_factory=dict)

    @property
    def selects(self) -> bool:
        """Whether the filter's result is no picture but a selection."""
        return self.kind == "selector"

    @property
    def masked(self) -> bool:
        """Whether the filter works on what a mask says, and is told the mask."""
        return self.kind == "masked"

    @property
    def generates(self) -> bool:
        """Whether the filter makes pixels from nothing, and is given no picture."""
        return self.kind == "generator"

    @property
    def recurrent(self) -> bool:
        """Whether the filter goes through frames in order and carries something from each to the
        next.
        """
        return self.kind == "sequence"

    @property
    def gathers(self) -> bool:
        """Whether each frame is given several of those before it: the last one shows most."""
        return any(carried.frames > 1 for carried in self.carries.values())

    @property
    def tone(self) -> bool:
        """Whether the filter's function is given no picture and returns a table, which the host
        applies.
        """
        return self.kind == "tone"

    @property
    def name(self) -> str:
        """The short name: the function's, ``enlarge`` of ``safelight_enlarge.enlarge``."""
        return self.id.rsplit(".", 1)[-1]

    def parameter(self, name: str) -> Parameter:
        """The parameter that has that name, or had it in an earlier version.

        Raises ParameterError, listing those there are.
        """
        for parameter in self.parameters:
            if name == parameter.name or name in parameter.renamed:
                return parameter
        names = ", ".join(parameter.name for parameter in self.parameters) or "none"
        raise ParameterError(f"{self.name} has no parameter {name}; it has {names}")

    def settings(self, given: Mapping[str, object] | None = None) -> dict[str, Value]:
        """Complete, checked settings: defaults, overlaid with what is given.

        What is given under an earlier name of a parameter counts as that parameter's. Raises
        ParameterError for an unknown parameter or an illegal value, and for one given twice.
        """
        found: dict[str, Value] = {}
        for name, value in (given or {}).items():
            parameter = self.parameter(name)
            if parameter.name in found:
                called = " or ".join((parameter.name, *parameter.renamed))
                raise ParameterError(f"{self.name} is given one parameter twice: {called}")
            found[parameter.name] = parameter.check(value)
        return {item.name: found.get(item.name, item.default) for item in self.parameters}

    def images(self, settings: Settings) -> dict[str, str]:
        """The pictures and layers that settings name, by parameter; those not set are left out."""
        named = {item.name: str(settings[item.name]) for item in self.parameters if item.is_image}
        return {name: text for name, text in named.items() if text}

    def measured(self, prepared: Prepared) -> dict[str, Value]:
        """What was measured for parameters, by their names, as far as they can hold it.

        Numbers are rounded to three digits: no measurement of a picture is better.
        """
        found: dict[str, Value] = {}
        for parameter in self.parameters:
            value = prepared.get(parameter.name)
            if isinstance(value, float):
                value = round(value) if parameter.kind == "integer" else float(f"{value:.3g}")
            with contextlib.suppress(ParameterError):
                found[parameter.name] = parameter.check(value)
        return found

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
            "kind": self.kind,
            "prepares": list(self.prepares),
            "zoomable": self.zoomable,
            "invents": self.invents,
            "keeps_grey": self.keeps_grey,
            "upgrades": self.upgrades,
            "auto": self.auto,
            "purpose": self.purpose,
            "carries": {
                name: [x.channels, x.size, int(x.stays), int(x.looked_at), x.frames]
                for name, x in self.carries.items()
            },
            "adds": self.adds,
            "both_ways": self.both_ways,
            "drafts": dict(self.drafts),
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
            declaration = cls(
                parameters=parameters,
                scale=data["scale"],
                kind=_kind_in(data),
                prepares=tuple(str(name) for name in data.get("prepares", ())),
                zoomable=data.get("zoomable") is True,
                invents=data.get("invents") is True,
                keeps_grey=data.get("keeps_grey") is True,
                upgrades=data.get("upgrades") is True,
                auto=data.get("auto") is True,
                purpose=_purpose_in(data),
                carries=carried_in(data.get("carries", {})),
                adds=adds if (adds := data.get("adds")) in ("between", "after") else "",
                both_ways=data.get("both_ways") is True and data["kind"] == "sequence",
                drafts=drafts_in(data.get("drafts", {})),
                **texts,
            )
            check_scale(declaration)
            check_flags(declaration)
            check_names(declaration)
            check_tone(declaration)
        except (KeyError, TypeError, AttributeError) as error:
            raise ParameterError(f"not a filter's declaration: {error!r}") from None
        except ValueError as error:
            raise ParameterError(f"not a filter's declaration: {error}") from None
        return declaration


def check_scale(declaration: Declaration) -> None:
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
    if not all(is_whole(value) and value >= 1 for value in values):
        raise TypeError(
            f"{name}: scale is {scale!r}; it must be a whole number of 1 or more, or the name of a"
            " parameter that only holds such numbers"
        )


def drafts_in(told: object) -> dict[str, str]:
    """The draft of each network, both by the names of their files. Raises TypeError."""
    if not isinstance(told, Mapping) or not all(
        isinstance(name, str) and name for pair in told.items() for name in pair
    ):
        raise TypeError(f"drafts is {told!r}; it names a network's file for that of another")
    return dict(told)


def purpose_of(told: object, kind: Kind, invents: bool) -> Purpose:
    """What a filter is for, as it says or as follows from what it is. Raises TypeError."""
    made = kind == "generator" or invents
    if told is None:
        return "synthesise" if made else "adjust"
    found = {str(purpose): purpose for purpose in PURPOSES}.get(str(told))
    if found is None:
        raise TypeError(f"purpose is {told!r}; it is one of {', '.join(PURPOSES)}")
    if made and found != "synthesise":
        raise TypeError(f"what invents pixels is there to synthesise, not to {found}")
    return found


def _purpose_in(data: Mapping[str, Any]) -> Purpose:
    """The purpose in a declaration's JSON; what invents synthesises, whatever it says."""
    kind, invents = _kind_in(data), data.get("invents") is True
    made = kind == "generator" or invents
    return purpose_of(None if made else data.get("purpose"), kind, invents)


def _kind_in(data: Mapping[str, Any]) -> Kind:
    """The kind in a declaration's JSON. Raises KeyError for what is none."""
    if "kind" in data:
        return {kind: kind for kind in KINDS}[data["kind"]]
    told = [kind for name, kind in _TOLD_BEFORE.items() if data.get(name) is True]
    if len(told) > 1:
        raise TypeError(f"it is said to be {' and '.join(told)} at once")
    return told[0] if told else "filter"


def check_flags(declaration: Declaration) -> None:
    """Raise TypeError where a parameter's ``unless`` names no flag."""
    flags = {item.name for item in declaration.parameters if item.kind == "flag"}
    for item in declaration.parameters:
        if item.unless and item.unless not in flags:
            raise TypeError(f"{declaration.name}: {item.name} names no flag: {item.unless}")


def check_names(declaration: Declaration) -> None:
    """Raise TypeError where one name, of today or an earlier one, stands for two parameters."""
    taken: set[str] = set()
    for name in (name for item in declaration.parameters for name in (item.name, *item.renamed)):
        if name in taken:
            raise TypeError(f"{declaration.name}: {name} stands for two parameters")
        taken.add(name)


def check_tone(declaration: Declaration) -> None:
    """Raise TypeError where what is declared a tone is more than an adjustment of each pixel."""
    name = declaration.name
    if not declaration.tone:
        return
    if any(item.is_image for item in declaration.parameters):
        raise TypeError(f"{name}: a tone sees no pictures and no layers")
    if declaration.scale != 1:
        raise TypeError(f"{name}: a tone makes no other size")
    if declaration.prepares or declaration.zoomable:
        raise TypeError(f"{name}: a tone sees no picture")


def is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
