"""Filter: the decorators that turn a function into a filter, a tone, a selector or a generator.

The function's signature is the declaration. A decorated filter stays a function.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from safelight.api.carried import Carried, check_carried
from safelight.api.declaration import (
    Adds,
    Declaration,
    Kind,
    Purpose,
    check_flags,
    check_names,
    check_scale,
    check_tone,
    drafts_in,
    is_whole,
    purpose_of,
)
from safelight.api.parameters import parameter_of
from safelight.api.prepare import Prepare, check_prepare
from safelight.api.registered_filter import LONGEST_SIDE, Reach, Registered, Upgrade

Function = TypeVar("Function", bound=Callable[..., Any])


VERSION = 1
"""Version of this API. A plugin made for a later one is refused with that reason."""


_HOST_ARGUMENTS = ("job", "region", "canvas", "mask", "prepared")
_OF_SEQUENCES = (*_HOST_ARGUMENTS[:3], "prepared", "before")
_OF_GENERATORS = ("job", "canvas")
_OFFERED = {"generator": _OF_GENERATORS, "sequence": _OF_SEQUENCES}
"""What the host gives a filter of such a kind; all others are given ``_HOST_ARGUMENTS``."""

_MARK = "__safelight_filter__"


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
    drafts: Mapping[str, str] | None = None,
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

    ``drafts`` names quicker networks for previews: ``{"denoise.onnx": "denoise_draft.onnx"}``.
    While a setting moves, ``job`` runs the draft where the filter asks for the other, on a
    processor; when the setting rests, and for all that is kept or exported, it runs the other. A
    draft takes the same inputs, has the same scale and looks no farther; one that is missing, or
    fails, is left out without a word. A filter that itself remembers what networks gave names none.

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
            drafts=drafts,
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

    What is carried of several ``frames`` (``api.Carried(3, frames=15)``) is given of so many of the
    frames before, each moved at one go by the motion of the camera, which is found from every
    pixel; all else that such a filter carries is moved by that as well.

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
    drafts: Mapping[str, str] | None = None,
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
        purpose=purpose_of(purpose, kind, invents),
        carries=dict(carries or {}),
        adds=adds,
        both_ways=both_ways,
        drafts=drafts_in(drafts or {}),
    )
    try:
        check_carried(declaration.carries)
    except ValueError as error:
        raise TypeError(f"{name}: {error}") from None
    if auto is not None:
        check_prepare(name, auto, parameters, "auto", ("thumbnail",))
    if ("prepared" in wants) != (prepare is not None):
        raise TypeError(f"{name}: the argument prepared and prepare= belong together")
    check_scale(declaration)
    check_flags(declaration)
    check_names(declaration)
    check_tone(declaration)
    if prepare is None and any(item.role == "change" for item in parameters):
        raise TypeError(f"{name}: who changes a code needs prepare=, which gives the code there is")
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


def _check_reach(declaration: Declaration, reach: Reach) -> None:
    """Raise TypeError for a reach that no settings make right."""
    name = declaration.name
    if callable(reach):
        known = {item.name for item in declaration.parameters}
        unknown = [item for item in inspect.signature(reach).parameters if item not in known]
        if unknown:
            raise TypeError(f"{name}: reach asks for {unknown[0]}, which is no parameter")
    elif not is_whole(reach) or reach < 0:
        raise TypeError(
            f"{name}: reach is {reach!r}; it must be a whole number of pixels, 0 or more, or a"
            " function of parameters"
        )
