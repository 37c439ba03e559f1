"""Filter: the decorators that turn a function into a filter, a tone, a selector or a generator.

The function's signature is the declaration. A decorated filter stays a function.
"""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeGuard, TypeVar, cast, get_args

from safelight.api.carried import Carried, carried_in, check_carried
from safelight.api.filter_job import Job
from safelight.api.image import Image
from safelight.api.kinds import Value, frozen
from safelight.api.parameters import Parameter, ParameterError, parameter_of
from safelight.api.prepare import Prepare, Prepared, Source, check_prepare, prepared
from safelight.api.tone_table import Stage, applied, stages_of

Function = TypeVar("Function", bound=Callable[..., Any])
Settings = Mapping[str, Value]
"""What a filter is told: the value of each parameter by its name."""

Reach = int | Callable[..., int]
"""How far a filter looks, in pixels: a number, or a function of parameters of those names."""

Upgrade = Callable[[dict[str, Value], str], Mapping[str, object]]
"""From settings as an earlier version of the plugin saved them, and that version (``"1.2.0"``), to
settings as this one takes them."""

VERSION = 1
"""Version of this API. A plugin made for a later one is refused with that reason."""

LONGEST_SIDE = 1 << 14
"""Pixels of the longer side of a picture that a filter may see whole."""

_HOST_ARGUMENTS = ("job", "region", "canvas", "mask", "prepared")
_OF_SEQUENCES = (*_HOST_ARGUMENTS[:3], "prepared", "before")
_OF_GENERATORS = ("job", "canvas")
_OFFERED = {"generator": _OF_GENERATORS, "sequence": _OF_SEQUENCES}
"""What the host gives a filter of such a kind; all others are given ``_HOST_ARGUMENTS``."""

_MARK = "__safelight_filter__"

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
    it, they take the place of those it is given.
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
                name: [x.channels, x.size, int(x.stays)] for name, x in self.carries.items()
            },
            "adds": self.adds,
            "both_ways": self.both_ways,
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
                **texts,
            )
            _check_scale(declaration)
            _check_flags(declaration)
            _check_names(declaration)
            _check_tone(declaration)
        except (KeyError, TypeError, AttributeError) as error:
            raise ParameterError(f"not a filter's declaration: {error!r}") from None
        except ValueError as error:
            raise ParameterError(f"not a filter's declaration: {error}") from None
        return declaration


@dataclass(frozen=True, slots=True)
class Registered:
    """A filter inside the process that runs it: its declaration, its function, its reach."""

    declaration: Declaration
    function: Callable[..., Any]
    reach: Reach
    wants: frozenset[str]
    prepare: Prepare | None = None
    upgrade: Upgrade | None = None
    auto: Prepare | None = None
    whole: int = 0

    def upgraded(self, settings: Settings, version: str) -> dict[str, Value]:
        """Complete, checked settings, of those that ``version`` of the plugin saved.

        Raises ParameterError for what is still not legal.
        """
        if self.upgrade is None:
            return self.declaration.settings(settings)
        found = self.upgrade({name: frozen(value) for name, value in settings.items()}, version)
        if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
            shown = type(found).__name__
            raise ParameterError(f"upgrade of {self.declaration.name} gave {shown}, no settings")
        return self.declaration.settings(found)

    def call(
        self, image: Image | None, values: Mapping[str, Any], offered: Mapping[str, Any]
    ) -> Any:
        """Call the function: with ``image``, or the region to be made, ``values`` of its
        parameters, and what it asks for of all that the host has ``offered`` by name.

        Of a tone it gives what its table makes of ``image``. Raises TableError where it has none.
        """
        if self.declaration.tone:
            assert image is not None
            return applied(self.table(values), image)
        first = offered["region"] if self.declaration.generates else image
        return self.function(first, **values, **{name: offered[name] for name in self.wants})

    def table(self, settings: Mapping[str, Any]) -> tuple[Stage, ...]:
        """The stages of a tone for these settings. Raises TableError for what is no table."""
        return stages_of(self.function(**settings))

    def expected(self, height: int, width: int, scale: int) -> tuple[int, ...]:
        """The shape of the result for an image of this size."""
        sides = (height * scale, width * scale)
        return sides if self.declaration.selects else (*sides, 3)

    def prepared(
        self,
        picture: Image,
        settings: Settings,
        source: Source | None = None,
        job: Job | None = None,
    ) -> dict[str, Any]:
        """What the filter measures of the whole picture (height, width, 3), or of its thumbnail.

        Empty where it measures nothing. ``job`` runs its networks. Raises ValueError for what is no
        plain data.
        """
        if self.prepare is None:
            return {}
        return prepared(self.prepare, picture, settings, source or Source(), job)

    def found(self, thumbnail: Image, settings: Settings, job: Job | None = None) -> dict[str, Any]:
        """The settings that it finds for a picture (height, width, 3), seen as its thumbnail.

        Nothing where it finds none. Raises ValueError for what is no plain data.
        """
        if self.auto is None:
            return {}
        return prepared(self.auto, thumbnail, settings, Source(), job)

    def reach_of(self, settings: Settings) -> int:
        """How many pixels around its own a result pixel depends on, for these settings.

        Of one that sees the picture whole it is the longest side of a picture. Raises ValueError
        when the plugin's own function gives something else than a length.
        """
        if self.whole:
            return LONGEST_SIDE
        reach = self.reach
        if callable(reach):
            names = inspect.signature(reach).parameters
            reach = reach(**{name: settings[name] for name in names})
        if not _is_whole(reach) or reach < 0:
            raise ValueError(f"reach is {reach!r}; it must be a whole number of pixels, 0 or more")
        return reach


def filter(
    title: str,
    *,
    category: str,
    reach: Reach = 0,
    scale: int | str = 1,
    prepare: Prepare | None = None,
    zoomable: bool = False,
    invents: bool = False,
    keeps_grey: bool = False,
    auto: Prepare | None = None,
    renamed: Mapping[str, str] | None = None,
    upgrade: Upgrade | None = None,
    whole: bool | int = False,
    purpose: Purpose | None = None,
) -> Callable[[Function], Function]:
    """Declare a function from an image to an image as a filter.

    ``title`` is the menu entry, the docstring the tooltip. ``reach`` is how many pixels around
    its own a result pixel depends on: 0 for a point filter, a number, or a function of
    parameters (``reach=lambda radius: math.ceil(3 * radius)``). The reach of networks run
    through ``job`` is read from their files and added. ``scale`` says how much larger the
    result is: a number or a parameter's name.

    ``prepare`` sees the whole picture once, before its pieces are filtered: as ``image`` at full
    size, or as ``thumbnail`` of at most 512 pixels a side, whichever its first argument is
    called. It may further ask for parameters of the filter by their names, for ``source``, what
    the picture's file says of how it was stored, and for the ``job``, to run networks. What it
    returns, a mapping of names to numbers, texts, or lists of them, is given to every piece as the
    argument ``prepared``; what stands there under the name of a parameter is shown beside that
    parameter. For a picture that the filter can do nothing with it raises ``api.Unfit``; called
    without a real picture, as in a rehearsal, the filter is then given nothing ``prepared``.

    ``zoomable`` says that a smaller picture, with lengths (``api.Pixels``) as much shorter, gives
    a smaller version of the same result, as nearly as can be seen. It is then tried at the size at
    which the picture is seen, which is much faster than at full size. It has no layer among its
    parameters.

    ``whole`` says that it sees the whole picture at once, not a piece of it: a number is the
    longest side in pixels that it takes, True is 16384. A larger picture is refused, in a sentence.

    ``auto`` finds settings for a picture when someone asks for it, by *Auto* in the window or
    ``--auto`` on the command line. It sees what lies below as ``thumbnail``, may ask for the
    parameters and the ``job`` as ``prepare`` may, and returns settings by their names; those that
    it leaves out stay. They are shown like any others and can be changed.

    Saved layers outlive the version of the plugin that made them. ``renamed`` says what parameters
    were called before: ``{"strength": "amount"}``, the earlier name first. Where more has changed,
    ``upgrade`` is called with the saved settings, as a dict, and the version of the plugin that
    saved them, an earlier one than this; it returns settings as this version takes them. Whatever
    neither of them knows is never replaced by a default: the layer shows what was kept of it, and
    says what it lacks. A parameter that is new takes its default, so the default of one that is
    added later leaves the picture as it was.

    One that ``invents`` puts into a picture what was never there, such as what fills a hole. Then
    the document, and what is exported, say that it is synthesised in part.

    ``purpose`` says what it does to the truth of a picture: "adjust" changes how what is there
    looks; "restore" takes away what a lens, a sensor, a file or time has done to it; "enhance"
    shows detail or colour more clearly than it was recorded; "synthesise" puts there what never
    was, as one that ``invents`` does. Without it, it is the last for one that ``invents``, else the
    first.

    One that ``keeps_grey`` makes no colour: of a picture in which red, green and blue are the same
    everywhere its result is taken as light and dark alone, so that what a network adds by mistake
    tints nothing. What gives or brings back colours does not say so.

    A filter that names ``region`` is told which ``api.Region`` of the picture it was given, and one
    that names ``canvas`` the region of the whole picture, at the same zoom level: that is what a
    vignette is centred in.

    A filter that names ``mask`` in its signature works on what is selected: it is called once,
    with the part of the picture around the selected pixels, ``reach`` more on each side, and the
    mask of that part. The host keeps every pixel outside of the mask as it was, and blends where
    the mask is soft. Raises TypeError for a signature that is no declaration.
    """

    def decorate(function: Function) -> Function:
        _declare(
            function,
            title,
            category,
            reach,
            scale,
            prepare,
            zoomable=zoomable,
            invents=invents,
            keeps_grey=keeps_grey,
            auto=auto,
            renamed=renamed,
            upgrade=upgrade,
            whole=whole,
            purpose=purpose,
        )
        return function

    return decorate


def tone(
    title: str,
    *,
    category: str,
    keeps_grey: bool = False,
    auto: Prepare | None = None,
    renamed: Mapping[str, str] | None = None,
    upgrade: Upgrade | None = None,
) -> Callable[[Function], Function]:
    """Declare a function from settings to a table as a filter: an adjustment of each pixel alone.

    The function is given no picture. It takes parameters alone and returns an ``api.Table``:
    ``api.Curves``, ``api.Matrix``, ``api.TO_LINEAR`` and ``api.FROM_LINEAR``, ``api.Mix``,
    ``api.Lattice``, or a sequence of up to 16 of them. It is called once for each setting, not for
    each piece of a picture; the host composes the tables of neighbouring layers and applies them in
    one pass, so a slider moves without a word to the plugin's process. The same settings give the
    same table.

        @api.tone("Exposure", category="Light")
        def exposure(stops: Stops = 0.0) -> api.Table:
            return api.TO_LINEAR, api.Matrix.scaled(2.0**stops), api.FROM_LINEAR

    ``keeps_grey``, ``auto``, ``renamed`` and ``upgrade`` are those of a filter, and the hook
    ``filters`` offers it. Raises TypeError for a signature that is no declaration.
    """

    def decorate(function: Function) -> Function:
        _declare(
            function,
            title,
            category,
            0,
            1,
            None,
            kind="tone",
            keeps_grey=keeps_grey,
            auto=auto,
            renamed=renamed,
            upgrade=upgrade,
        )
        return function

    return decorate


def selector(
    title: str,
    *,
    category: str,
    reach: Reach = 0,
    prepare: Prepare | None = None,
    renamed: Mapping[str, str] | None = None,
    whole: bool | int = False,
) -> Callable[[Function], Function]:
    """Declare a function from an image to a mask, which becomes the selection.

    The mask is float32 (height, width) of the image's size, 0 to 1. All else is as for a filter,
    and the hook ``filters`` offers it. Raises TypeError for a signature that is no declaration.
    """

    def decorate(function: Function) -> Function:
        declared = _declare(
            function,
            title,
            category,
            reach,
            1,
            prepare,
            kind="selector",
            renamed=renamed,
            whole=whole,
        )
        if "mask" in declared.wants:
            raise TypeError(f"{function.__name__}: what selects cannot ask for a mask")
        return function

    return decorate


def generator(
    title: str,
    *,
    category: str,
    renamed: Mapping[str, str] | None = None,
    upgrade: Upgrade | None = None,
) -> Callable[[Function], Function]:
    """Declare a function that makes pixels from nothing, which become a layer of their own.

    Its first argument is ``region``, the ``api.Region`` that is wanted; it returns float32
    (height, width, 3) of that size. ``canvas``, if it names it, is the region that all pieces
    together fill: the whole picture, or what is selected of it. Pieces have to fit together, so
    chance is drawn from a seed and from the place on the canvas, never from the piece.
    ``job.describe(MODEL, None, ...)`` runs a network that is given no picture. All else is as for a
    filter, and the hook ``filters`` offers it. Raises TypeError for a signature that is no
    declaration.

    What it makes is marked as synthesised, in the document and in what is exported.
    """

    def decorate(function: Function) -> Function:
        _declare(
            function,
            title,
            category,
            0,
            1,
            None,
            kind="generator",
            renamed=renamed,
            upgrade=upgrade,
        )
        return function

    return decorate


def sequence_filter(
    title: str,
    *,
    category: str,
    carries: Mapping[str, Carried],
    reach: Reach = 0,
    prepare: Prepare | None = None,
    keeps_grey: bool = False,
    renamed: Mapping[str, str] | None = None,
    upgrade: Upgrade | None = None,
    purpose: Purpose | None = None,
    invents: bool = False,
    adds: Adds = "",
    both_ways: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function from a frame, and what was carried from the one before it, to both.

    The function's first argument is the frame, one of the others is ``before``: an ``api.Before``,
    or None for a first frame: that of a sequence, or behind a cut, or a single photograph. It
    returns the frame and a mapping of what ``carries`` names, float32 of the shapes that say so.

    The host cuts frames into pieces as for any filter, puts together what comes of them, and moves
    what is carried to where the next frame has it: by the motion that it finds between the two. So
    ``reach`` is that of one frame, and nothing drifts apart at seams. It begins anew where a frame
    shows something else than the one before, and where someone jumps to another place.

    One that looks ``both_ways`` goes through a sequence backwards as well where all of it is at
    hand, as in an export: what is shown then is the mean of both results.

    A filter that ``invents`` frames may add them: "between" each frame and the one before it, or
    "after" the last one. What it returns for a frame is then the one before that frame, or the one
    after it; a first frame comes back as it is. After the last one come as many as its parameter
    ``frames`` says, each made from those that it made before.

        @api.sequence_filter("Steady", category="Light", carries={"mean": api.Carried(3)})
        def steady(image: api.Image, before: api.Before | None, share: api.Fraction = 0.5):
            mean = image if before is None else share * before["mean"] + (1 - share) * image
            return mean, {"mean": mean}

    All else is as for a filter, and the hook ``filters`` offers it. Raises TypeError for a
    signature that is no declaration.
    """

    def decorate(function: Function) -> Function:
        declared = _declare(
            function,
            title,
            category,
            reach,
            1,
            prepare,
            kind="sequence",
            keeps_grey=keeps_grey,
            renamed=renamed,
            upgrade=upgrade,
            purpose=purpose,
            carries=carries,
            invents=invents,
            adds=adds,
            both_ways=both_ways,
        )
        if adds and not invents:
            raise TypeError(f"{function.__name__}: what adds frames invents them")
        if adds and both_ways:
            raise TypeError(f"{function.__name__}: what adds frames goes through them one way")
        if "before" not in declared.wants:
            raise TypeError(f"{function.__name__}: a filter of sequences asks for before")
        return function

    return decorate


def registered(function: Callable[..., Any]) -> Registered:
    """What ``@api.filter`` noted on a function. Raises TypeError when it is no filter."""
    found = getattr(function, _MARK, None)
    if not isinstance(found, Registered):
        name = getattr(function, "__name__", repr(function))
        raise TypeError(
            f"{name} is not decorated with @api.filter, @api.tone, @api.selector or @api.generator"
        )
    return found


def _declare(
    function: Callable[..., Any],
    title: str,
    category: str,
    reach: Reach,
    scale: int | str,
    prepare: Prepare | None,
    *,
    kind: Kind = "filter",
    zoomable: bool = False,
    invents: bool = False,
    keeps_grey: bool = False,
    auto: Prepare | None = None,
    renamed: Mapping[str, str] | None = None,
    upgrade: Upgrade | None = None,
    whole: bool | int = False,
    purpose: Purpose | None = None,
    carries: Mapping[str, Carried] | None = None,
    adds: Adds = "",
    both_ways: bool = False,
) -> Registered:
    """What a function declares by its signature, which is noted on it for ``registered``."""
    name = function.__name__
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, AttributeError) as error:
        raise TypeError(f"{name}: a type in its signature cannot be found: {error}") from None
    arguments = list(inspect.signature(function).parameters.values())
    own = arguments if kind == "tone" else arguments[1:]
    if kind != "tone" and (not arguments or arguments[0].default is not inspect.Parameter.empty):
        raise TypeError(f"{name}: the first argument of a filter is the image")
    if kind == "generator" and arguments[0].name != "region":
        raise TypeError(f"{name}: the first argument of a generator is the region")
    wants, parameters = set(), []
    for argument in own:
        if _is_the_hosts(argument, _OFFERED.get(kind, _HOST_ARGUMENTS)):
            if kind == "tone":
                raise TypeError(f"{name}: a tone takes settings alone, no {argument.name}")
            wants.add(argument.name)
            continue
        if argument.default is inspect.Parameter.empty:
            raise TypeError(f"{name}: parameter {argument.name} needs a default")
        if argument.name not in hints:
            raise TypeError(f"{name}: parameter {argument.name} needs a type")
        parameter = parameter_of(argument.name, hints[argument.name], argument.default)
        earlier = tuple(old for old, new in (renamed or {}).items() if new == argument.name)
        parameters.append(replace(parameter, renamed=earlier))
    for old, new in (renamed or {}).items():
        if new not in {item.name for item in parameters}:
            raise TypeError(f"{name}: {old} is renamed {new}, which is no parameter")
    declaration = Declaration(
        id=f"{function.__module__.split('.')[0]}.{name}",
        title=title,
        category=category,
        description=inspect.getdoc(function) or "",
        parameters=tuple(parameters),
        scale=scale,
        kind="masked" if kind == "filter" and "mask" in wants else kind,
        prepares=() if prepare is None else check_prepare(name, prepare, parameters),
        zoomable=zoomable,
        invents=invents,
        keeps_grey=keeps_grey,
        upgrades=upgrade is not None,
        auto=auto is not None,
        purpose=_purpose(purpose, kind, invents),
        carries=dict(carries or {}),
        adds=adds,
        both_ways=both_ways,
    )
    try:
        check_carried(declaration.carries)
    except ValueError as error:
        raise TypeError(f"{name}: {error}") from None
    if auto is not None:
        check_prepare(name, auto, parameters, "auto", ("thumbnail",))
    if ("prepared" in wants) != (prepare is not None):
        raise TypeError(f"{name}: the argument prepared and prepare= belong together")
    _check_scale(declaration)
    _check_flags(declaration)
    _check_names(declaration)
    _check_tone(declaration)
    if declaration.masked and scale != 1:
        raise TypeError(f"{name}: a filter with a mask cannot change the picture's size")
    if zoomable and (declaration.masked or scale != 1):
        raise TypeError(f"{name}: zoomable is for filters of the whole picture, at its own size")
    if kind == "generator" and any(item.kind == "layer" for item in parameters):
        raise TypeError(f"{name}: a generator sees no layers")
    if zoomable and any(item.kind == "layer" for item in parameters):
        raise TypeError(f"{name}: a zoomable filter sees no layers but its own")
    _check_reach(declaration, reach)
    if not 0 <= whole <= LONGEST_SIDE:
        raise TypeError(f"{name}: whole is {whole}, not a side of up to {LONGEST_SIDE} pixels")
    side = LONGEST_SIDE if whole is True else int(whole)
    found = Registered(declaration, function, reach, frozenset(wants), prepare, upgrade, auto, side)
    setattr(function, _MARK, found)
    return found


def _is_the_hosts(argument: inspect.Parameter, names: tuple[str, ...]) -> bool:
    """Whether an argument is given by the host. Filters were not told the canvas at first: one with
    a parameter of that name, which has a default, keeps it.
    """
    own = argument.name == "canvas" and argument.default is not inspect.Parameter.empty
    return argument.name in names and not own


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


def _purpose(told: object, kind: Kind, invents: bool) -> Purpose:
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
    return _purpose(None if made else data.get("purpose"), kind, invents)


def _kind_in(data: Mapping[str, Any]) -> Kind:
    """The kind in a declaration's JSON. Raises KeyError for what is none."""
    if "kind" in data:
        return {kind: kind for kind in KINDS}[data["kind"]]
    told = [kind for name, kind in _TOLD_BEFORE.items() if data.get(name) is True]
    if len(told) > 1:
        raise TypeError(f"it is said to be {' and '.join(told)} at once")
    return told[0] if told else "filter"


def _check_flags(declaration: Declaration) -> None:
    """Raise TypeError where a parameter's ``unless`` names no flag."""
    flags = {item.name for item in declaration.parameters if item.kind == "flag"}
    for item in declaration.parameters:
        if item.unless and item.unless not in flags:
            raise TypeError(f"{declaration.name}: {item.name} names no flag: {item.unless}")


def _check_names(declaration: Declaration) -> None:
    """Raise TypeError where one name, of today or an earlier one, stands for two parameters."""
    taken: set[str] = set()
    for name in (name for item in declaration.parameters for name in (item.name, *item.renamed)):
        if name in taken:
            raise TypeError(f"{declaration.name}: {name} stands for two parameters")
        taken.add(name)


def _check_tone(declaration: Declaration) -> None:
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
