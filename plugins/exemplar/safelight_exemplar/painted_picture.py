"""Painting: a picture is painted with pieces of a painting, coarse to fine."""

from dataclasses import dataclass, field

import numpy as np

from .brushwork import Drawing, Target, match, render, softened, turned
from .kernels import HALF, SIDE, chessboard, packed, unpacked
from .larger_strokes import doubled_strokes
from .patch_match import strew
from .pyramid import doubled_field, halved, halved_where, smooth_doubled
from .votes import blend

MOST = 300_000
"""Pixels of a picture at which pieces are looked for, at most."""

MOST_PAINTED = 200_000
"""Pixels of a painting at which pieces are looked for in it, at most."""

FEWER = 4.0
"""Times the pixels at which pieces are looked for that a picture has, at least."""

BORDER = 8
"""Pixels that are painted beyond each edge of a picture, which would be ragged otherwise."""

_TURNS = (0.0, 45.0, 90.0, 135.0)
"""Degrees by which a painting is turned, so that its strokes run along the edges of any picture."""

_MOST_DOUBLED, _LARGEST, _CRISP = 3, 16_000_000, np.float32(0.7)
"""How often a painting is enlarged where it is drawn larger than it is, up to how many pixels, and
how much its edges are sharpened the first time."""

_SMALLEST = 2 * SIDE
"""Pixels of the shorter side of a painting's copy, at least."""

_FINER = 0.5
"""How large the copy of a painting is that fine structure is painted with."""

_COARSEST = 48
"""Pixels of the shorter side at which painting begins, at least."""

_ROUNDS = (8, 4, 2, 1)
"""How often everything is matched and averaged, from the coarsest size on; the last one stays."""

_PARTS = 4
"""Lists that the black patches are shared among, and the white ones: after each, uses are counted
anew. Of patches that all go by one count too many leave a place, and come back, at once."""

_NEAR = 6
"""Pixels that pieces are moved by at the full size, where coarser ones have been matched."""

BROAD = 2
"""Pixels from the middle of a stroke to its edge, of a painting as large as the picture: colours
and tones beneath strokes are means over as much, so that each stroke has its own."""

FIRM = 0.2
"""How much an even place holds the tone of each pixel, where an outline does so wholly."""

TONED = 0.8
"""How much of what the tone beneath the strokes is off is made good when all is painted."""

_SHARP, _LAST = 2.0, 5.0
_SEEN, _SINGLE = 3.0, 4.0
"""Pixels that are drawn for one patch, from which on a pixel is less a mean of patches, lest that
be soft, and how much less at most."""

_FURTHEST = 6.0
"""Times the usual cost from which on patches count alike, as hardly at all."""

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)

TONE, COLOUR, DIRECTION, FINENESS = 1.0, 0.5, 0.015, 0.05
"""How much each guide counts beside the mean squared distance of two patches' colours."""

EVEN = 0.005
"""What it costs to take a place that is used twice as often as the painting's mean."""

COHERENT = 0.02
"""What it costs not to go on where a neighbour's patch was taken from."""


@dataclass(frozen=True)
class Copy:
    """One copy of a painting among the sources: which, and where it lies.

    ``inverse`` (2, 3) takes a row and a column among the sources to those of the painting.
    """

    painting: int
    inverse: np.ndarray


@dataclass(frozen=True)
class Painted:
    """A picture painted with pieces: which piece lies where, ready to be drawn at any size.

    ``field`` (height, width, 2) says for each patch where among the sources it is taken from,
    ``worth`` (height, width) how much it counts beside others, ``relief`` (height, width) what the
    pieces lack of the photograph's tones and fine structure; all are BORDER pixels larger than the
    picture on each side. ``kind`` (rows, columns) says which copy a place of the sources is of.
    """

    field: np.ndarray
    worth: np.ndarray
    relief: np.ndarray
    kind: np.ndarray
    copies: tuple[Copy, ...]
    paintings: tuple[np.ndarray, ...]
    _kept: dict = field(default_factory=dict, repr=False, compare=False)

    def drawn(self, size, part=None):
        """The painted picture at ``size`` (height, width), or a ``part`` of it: four edges, top,
        left, bottom and right, in pixels of that size, which may lie beyond it.
        """
        top, left, bottom, right = part or (0, 0, *size)
        inner = (side - 2 * BORDER for side in self.field.shape[:2])
        steps = tuple(n / s for n, s in zip(inner, size, strict=True))
        result = np.empty((bottom - top, right - left, 3), np.float32)
        if size not in self._kept:
            self._kept.clear()
            self._kept[size] = self._sheets(min(1 / steps[0], 1 / steps[1]))
        sheets, inverses = self._kept[size]
        drawing = Drawing(self.field, self.worth, self.relief, self.kind, inverses, sheets)
        larger = min(max(min(1 / step for step in steps) / _SEEN, 1.0), _SINGLE)
        render(drawing, _LAST * larger, (float(top), float(left)), steps, BORDER, result)
        return result

    def _sheets(self, zoom):
        """The paintings at sizes that are drawn from, one above the other, and the maps to them."""
        planes, inverses, start = [], [], 0
        made = {}
        for copy in self.copies:
            length = np.hypot(*copy.inverse[:, 0])  # pixels of the painting for one that is matched
            plane = self.paintings[copy.painting]
            level = max(round(np.log2(length / zoom)), -_MOST_DOUBLED)
            while level < 0 and plane.size * 4**-level > 3 * _LARGEST:
                level += 1
            key = copy.painting, level
            if key not in made:
                for _ in range(level):
                    plane = halved(plane)
                for number in range(-level):
                    plane = (doubled_strokes if number else _crisply_doubled)(plane)
                made[key] = start, plane.shape
                planes.append(plane)
                start += plane.shape[0]
            first, shape = made[key]
            scale = 0.5**level
            inverse = copy.inverse * scale
            inverse[:, 2] += 0.5 * scale - 0.5
            inverses.append([*inverse.ravel(), first, shape[0], shape[1], 0])
        width = max(plane.shape[1] for plane in planes)
        sheet = np.zeros((start, width, 3), np.float32)
        row = 0
        for plane in planes:
            sheet[row : row + plane.shape[0], : plane.shape[1]] = plane
            row += plane.shape[0]
        return sheet, np.array(inverses, np.float64)


def paint(
    photograph, guide, paintings, *, scale=1.0, detail=0.5, shares=None, seed=0, progress=None
):
    """A ``photograph`` painted with pieces of ``paintings``: a ``Painted``.

    ``photograph`` and ``guide`` are float32 (height, width, 3), 0 to 1, of the size at which pieces
    are looked for (see ``working_size``): the photograph says where light and dark, edges and fine
    structure are, the guide which colours are wanted. ``paintings`` are float32 (height, width, 3)
    of any size; ``shares`` says how much each is to be used. ``scale`` is how large a painting is
    beside the picture, by its area's root. ``detail``, 0 to 1, is how much of the fine structure is
    painted with finer strokes. The result does not depend on the number of threads. ``progress``
    is called with the part that is done, 0 to 1, and may raise to end it.
    """
    progress = progress or _silent
    photograph, guide = (_wider(x) for x in (photograph, guide))
    shares = shares or [1.0] * len(paintings)
    levels = _levels(photograph.shape[:2])
    inner = tuple(side - 2 * BORDER for side in photograph.shape[:2])
    sources = _Sources.of(inner, paintings, scale, shares, levels, detail > 0)
    levels = len(sources)
    targets = [_Wanted.of(photograph, guide, sources[0], detail)]
    for _ in range(levels - 1):
        targets.append(targets[-1].smaller())
    work = [t.tone.size * _rounds(levels - 1 - place) for place, t in enumerate(targets)]
    done, field, now = 0.0, None, None
    for place in range(levels - 1, -1, -1):
        wanted, source = targets[place], sources[place]
        board = _board(wanted.tone.shape)
        if field is None:
            field = source.scattered(wanted.tone.shape, board, seed)
            now = packed(wanted.colour)
        else:
            field = source.doubled(field, wanted.tone.shape, board, seed)
            now = source.averaged(field, np.ones(wanted.tone.shape), _SHARP)
        rounds = _rounds(levels - 1 - place)
        for number in range(rounds):
            far = max(source.middles.shape) if place == levels - 1 else _NEAR << (2 * place)
            chance = seed + 1009 * place + 31 * number
            cost = source.matched(field, now, wanted, board, chance, number == 0, far)
            sharp = _LAST if place == 0 and number == rounds - 1 else _SHARP
            now = source.averaged(field, _worth(cost, sharp), sharp)
            done += work[place] / rounds
            progress(min(done / sum(work), 1.0))
    first = sources[0]
    relief = _relief(targets[0], unpacked(now, 3) @ _LUMA, detail)
    worth = _worth(cost, _LAST).astype(np.float32)
    return Painted(field, worth, relief, first.kind, first.copies, tuple(paintings))


def working_size(size, paintings, scale):
    """The size (height, width) at which pieces for a picture of ``size`` are looked for.

    It has at most MOST pixels; the largest painting has at most MOST_PAINTED then, and no more
    than it has.
    """
    area = size[0] * size[1]
    largest = max(painting.shape[0] * painting.shape[1] for painting in paintings)
    wanted = min(area / FEWER, MOST, min(largest, MOST_PAINTED) / scale**2)
    step = (wanted / area) ** 0.5
    return tuple(max(round(side * step), SIDE) for side in size)


def _silent(part):
    """Nobody asks how far it is."""


def _wider(picture):
    return np.pad(picture, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), mode="symmetric")


def _crisply_doubled(painting):
    """A painting at twice the size, its edges about as sharp as they were."""
    height, width = painting.shape[:2]
    large = smooth_doubled(painting, (2 * height, 2 * width))
    return np.clip(large + _CRISP * (large - softened(large, 1)), 0, 1)


def _worth(cost, sharp):
    """How much patches count by what speaks against each: float64 (height, width)."""
    usual = max(np.percentile(cost[HALF:-HALF, HALF:-HALF], 75), 1e-5)
    return np.exp(-sharp * np.minimum(cost / usual, _FURTHEST, dtype=np.float64))


def _board(shape):
    """Places of a picture's patches, black ones and then white ones, each in _PARTS lists."""
    halves = chessboard(np.ones(shape, bool))
    return [np.ascontiguousarray(half[n::_PARTS]) for half in halves for n in range(_PARTS)]


def _levels(shape):
    count = 1
    while min(shape) >> count >= _COARSEST and count < len(_ROUNDS):
        count += 1
    return count


def _rounds(number):
    return _ROUNDS[min(number, len(_ROUNDS) - 1)]


def _tensor(light):
    """What runs where: (height, width, 3), energy, and the doubled direction times it."""
    down, right = np.gradient(light)
    return np.stack(
        [right * right + down * down, right * right - down * down, 2 * right * down], -1
    )


def _relief(wanted, light, detail):
    """What is to be added to a painted picture of that ``light``: tones beneath its strokes, and
    fine structure.
    """
    away = wanted.tone - light
    near, far = softened(away, 2), softened(away, 6)
    broad = far + wanted.firm * (near - far)
    return TONED * broad + detail * wanted.fine * (away - near)


def _direction(tensor):
    """Doubled directions (height, width, 2), as long as they are clear, 0 to 1."""
    return tensor[..., 1:] / (tensor[..., :1] + np.float32(1e-6))


def _ranked(light, like):
    """``light`` with the histogram of ``like``, a list of values."""
    steps = np.linspace(0, 1, 129)
    own, wanted = np.quantile(light, steps), np.quantile(like, steps)
    # Where much has one value it becomes the middle of what its share of the list holds.
    own = own + np.linspace(-0.5e-5, 0.5e-5, 129)
    return np.interp(light, own, wanted).astype(np.float32)


@dataclass
class _Wanted:
    """What a picture is to be like, at one size."""

    colour: np.ndarray
    tone: np.ndarray
    direction: np.ndarray
    clear: np.ndarray
    fine: np.ndarray
    firm: np.ndarray

    @classmethod
    def of(cls, photograph, guide, source, detail):
        light = photograph @ _LUMA
        tone = _ranked(light, source.lights)
        tensor = _tensor(light)
        near, small = softened(tensor, 2), halved(halved(tensor))
        far = np.float32(0.1) * softened(small, 2) + np.float32(0.02) * softened(small, 6)
        flow = near + smooth_doubled(smooth_doubled(far, halved(tensor).shape), tensor.shape)
        direction = _direction(flow)
        length = np.hypot(direction[..., 0], direction[..., 1])
        clear = np.clip(length, 0, 1)
        direction = direction / np.maximum(length, 1e-3)[..., None]
        fine = softened(np.abs(light - softened(light, 1)), 3)
        fine = fine / max(np.percentile(fine, 90), 0.01)
        fine = np.clip(fine * 2 * detail, 0, 1).astype(np.float32)
        edge = np.sqrt(np.maximum(softened(_tensor(softened(light, 1))[..., 0], 2), 0))
        edge = np.clip(edge / max(np.percentile(edge, 85), 0.01), 0, 1)
        firm = (FIRM + (1 - FIRM) * (0.5 + 0.5 * detail) * edge).astype(np.float32)
        return cls(np.ascontiguousarray(guide, np.float32), tone, direction, clear, fine, firm)

    def smaller(self):
        """What is wanted at half the size."""
        planes = np.stack([self.tone, self.clear, self.fine, self.firm], -1)
        tone, *others = (np.ascontiguousarray(x) for x in np.moveaxis(halved(planes), -1, 0))
        return _Wanted(halved(self.colour), tone, halved(self.direction), *others)


@dataclass
class _Sources:
    """All that pieces are taken from at one size: copies of paintings, turned and smaller."""

    colour: np.ndarray
    guides: np.ndarray
    middles: np.ndarray
    kind: np.ndarray
    plenty: np.ndarray
    lights: np.ndarray
    copies: tuple
    pixels: np.ndarray | None = None

    @classmethod
    def of(cls, shape, paintings, scale, shares, levels, finer):
        """The sources for a picture of ``shape``, the full size first."""
        grid = 1 << (levels - 1)
        area = shape[0] * shape[1]
        parts, copies, lights = [], [], []
        for index, painting in enumerate(paintings):
            own = (scale**2 * area / (painting.shape[0] * painting.shape[1])) ** 0.5
            for factor in (1.0, _FINER) if finer else (1.0,):
                for turn in _TURNS:
                    parts.append((index, own * factor, turn, factor))
            lights.append((halved(painting) @ _LUMA).ravel())
        placed, row = [], 0
        for index, zoom, turn, factor in parts:
            zoom = max(zoom, _SMALLEST / min(paintings[index].shape[:2]))
            made, known, inverse = turned_copy(paintings[index], zoom, turn)
            placed.append((row, made, known, factor, index))
            inverse = inverse.copy()
            inverse[:, 2] -= inverse[:, 0] * row
            copies.append(Copy(index, inverse))
            row += -(-made.shape[0] // grid) * grid
        width = -(-max(made.shape[1] for _, made, *_ in placed) // grid) * grid
        colour = np.zeros((row, width, 3), np.float32)
        guides = np.zeros((row, width, 8), np.float32)
        inside = np.zeros((row, width), bool)
        kind = np.full((row, width), -1, np.int16)
        plenty = np.zeros((row, width), np.float32)
        total = sum(shares)
        for number, (first, made, known, factor, index) in enumerate(placed):
            place = np.s_[first : first + made.shape[0], : made.shape[1]]
            colour[place], inside[place], kind[place] = made, known, number
            broad = softened(made, max(round(BROAD * scale * factor), 1))
            guides[(*place, slice(0, 3))] = broad
            guides[(*place, 3)] = softened(made @ _LUMA, 1)
            guides[(*place, 7)] = broad @ _LUMA
            guides[(*place, slice(4, 6))] = _direction(softened(_tensor(made @ _LUMA), 2))
            guides[(*place, 6)] = 1.0 if factor < 1 else 0.0
            plenty[place] = shares[index] / total
        base = cls(colour, guides, inside, kind, plenty, np.concatenate(lights), tuple(copies))
        sizes = [base]
        while len(sizes) < levels and _middles(sizes[-1]._smaller().middles).any():
            sizes.append(sizes[-1]._smaller())
        for size in sizes:
            size.middles = _middles(size.middles)
            size.pixels = packed(size.colour)
        return sizes

    def _smaller(self):
        colour, known = halved_where(self.colour, self.middles)
        return _Sources(
            colour,
            halved_where(self.guides, self.middles)[0],
            known,
            *(np.ascontiguousarray(plane[::2, ::2]) for plane in (self.kind, self.plenty)),
            self.lights,
            self.copies,
        )

    def scattered(self, shape, board, seed):
        """Places for all patches of a picture of ``shape``, by chance."""
        places = np.argwhere(self.middles).astype(np.int32)
        field = np.zeros((*shape, 2), np.int32)
        for half in board:
            strew(field, places, half, np.uint64(seed))
        return field

    def doubled(self, field, shape, board, seed):
        """The places of a coarser size at twice that size; by chance where there are none."""
        found = self.scattered(shape, board, seed)
        large = doubled_field(field, shape, self.colour.shape)
        fits = self.middles[large[..., 0], large[..., 1]]
        found[fits] = large[fits]
        return found

    def matched(self, field, now, wanted, board, seed, first, far):
        """Give every patch a better piece; the cost of each."""
        cost = np.zeros(wanted.tone.shape, np.float32)
        boost = np.float32(1.6 if first else 1.0)
        guides = (wanted.colour, wanted.tone[..., None], wanted.direction, wanted.fine[..., None])
        target = Target(now, np.concatenate(guides, -1), wanted.clear, wanted.fine, wanted.firm)
        weights = np.float32([COLOUR * boost, TONE * boost, DIRECTION, FINENESS, EVEN, COHERENT])
        match(
            *(target, self.pixels, self.guides, self.middles, self.plenty, field, cost, board),
            *(weights, seed, far),
        )
        return cost

    def averaged(self, field, worth, sharp):
        """The mean of what the patches over each pixel say: packed."""
        result = np.zeros((1, *field.shape[:2], 4), np.float32)
        everywhere = np.argwhere(np.ones(field.shape[:2], bool)).astype(np.int32)
        blend(self.pixels, field, worth, everywhere, result, sharp)
        return result


def _middles(known):
    """Middles of patches that lie wholly in what is known: bool of the same shape."""
    sums = np.cumsum(np.cumsum(np.pad(known, ((1, 0), (1, 0))).astype(np.int64), 0), 1)
    counts = np.zeros(known.shape, np.int64)
    rows = sums[SIDE:] - sums[:-SIDE]
    counts[HALF:-HALF, HALF:-HALF] = rows[:, SIDE:] - rows[:, :-SIDE]
    return counts == SIDE * SIDE


def turned_copy(painting, zoom, degrees):
    """A painting ``zoom`` times as large and turned: its pixels, where it is, and the way back."""
    small, level = painting, 0
    while zoom * 2**level <= 0.71 and min(small.shape[:2]) > 16:
        small, level = halved(small), level + 1
    step = 1 / (zoom * 2**level)  # pixels of ``small`` for one of the copy
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    tall, wide = small.shape[0] / step, small.shape[1] / step
    height = max(int(abs(tall * cos) + abs(wide * sin)), SIDE)
    width = max(int(abs(wide * cos) + abs(tall * sin)), SIDE)
    matrix = step * np.array([[cos, sin], [-sin, cos]])
    middle = np.array([height - 1, width - 1]) / 2
    away = (np.array(small.shape[:2]) - 1) / 2 - matrix @ middle
    made = np.empty((height, width, 3), np.float32)
    known = np.empty((height, width), np.bool_)
    turned(small, matrix, away, made, known)
    inverse = np.concatenate([matrix, away[:, None]], 1)
    inverse[:, :2] *= 2**level
    inverse[:, 2] = (inverse[:, 2] + 0.5) * 2**level - 0.5
    return made, known, inverse
