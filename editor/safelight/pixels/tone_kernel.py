"""Tone kernel: programs of tones, compiled; ``tone.in_numpy`` is its reference."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from safelight.api import FROM_LINEAR, TO_LINEAR, Curves, Lattice, Matrix, Mix, Stage
from safelight.api.tone_table import LUMINANCE
from safelight.pixels import tone
from safelight.pixels.blend import ONE, ZERO, least, most
from safelight.pixels.flat_rows import copied, in_one_piece, three_of_four
from safelight.pixels.kernel_recipe import CHUNK, Recipe, teach


def _signature() -> Any:
    """What the kernel of tones is given, as numba says it."""
    from numba import types

    read = types.Array(types.float32, 1, "C", readonly=True)
    written = types.Array(types.float32, 1, "C")
    steps = types.Array(types.int64, 2, "C", readonly=True)
    numbers = types.Array(types.float32, 2, "C", readonly=True)
    return types.void(read, written, steps, numbers, read, *(types.int64,) * 6)


def _power() -> Callable[[Any, Any], Any]:
    """``base ** exponent`` for normal float32 above 0, as a function that numba compiles.

    The C library's takes one number at a time; of this the compiler does eight or sixteen at once.
    Its error is below 1e-6 of the result for bases from 1e-4 to 1e4. The base is m times a power of
    two with m within a factor of the root of two around 1, and with z = (m - 1) / (m + 1) is
    ln m = 2 (z + z^3 / 3 + z^5 / 5 + ...). What is left of a power of two is Taylor's series.
    """
    from numba.extending import register_jitable

    f, i = np.float32, np.int32
    root_half, mantissa = i(0x3F3504F3), i(0x007FFFFF)
    thirds = (f(2 / 3), f(2 / 5), f(2 / 7), f(2 / 9))
    log2e, log2e_rest = f(1.4426950408889634), f(1.4426950408889634 - float(f(1.4426950408889634)))
    taylor = tuple(f(math.log(2) ** n / math.factorial(n)) for n in range(8))
    half, two = f(0.5), f(2)

    @register_jitable  # type: ignore[untyped-decorator]
    def power(base: Any, exponent: Any) -> Any:
        above = i(np.float32(base).view(np.int32) - root_half)
        whole = i(above >> i(23))
        m = np.int32(i(above & mantissa) + root_half).view(np.float32)
        z = (m - ONE) / (m + ONE)
        s = z * z
        series = s * (thirds[0] + s * (thirds[1] + s * (thirds[2] + s * thirds[3])))
        ln = z * (two + series)
        log = ln * log2e + ln * log2e_rest
        y = exponent * log
        w = exponent * f(whole)
        n = np.floor(w + y + half)
        n = n if n < f(128) else f(128)
        n = n if n > f(-126) else f(-126)
        r = (w - n) + y
        t = taylor
        e = t[0] + r * (
            t[1] + r * (t[2] + r * (t[3] + r * (t[4] + r * (t[5] + r * (t[6] + r * t[7])))))
        )
        return e * np.int32(i(i(n) + i(127)) << i(23)).view(np.float32)

    return cast(Callable[[Any, Any], Any], power)


def _along() -> Callable[..., None]:
    """Values through a curve of samples and the lines at its ends, in place, for numba.

    In three loops: the compiler does eight or sixteen values at once where none is looked up, and
    does not where one is.
    """
    from numba.extending import register_jitable

    f, i, u = np.float32, np.int32, np.uint32

    @register_jitable  # type: ignore[untyped-decorator]
    def along(
        row: Any, own: Any, low: Any, scale: Any, below: Any, above: Any, index: Any, ends: Any
    ) -> None:
        last, final = f(own.size - 1), i(own.size - 2)
        for x in range(row.size):
            place = (row[x] - low) * scale
            within = place if place > ZERO else ZERO
            within = within if within < last else last
            whole = i(within)
            index[x] = whole if whole < final else final
        for x in range(row.size):
            ends[0, x] = own[u(index[x])]
            ends[1, x] = own[u(index[x] + i(1))]
        for x in range(row.size):
            place = (row[x] - low) * scale
            within = place if place > ZERO else ZERO
            within = within if within < last else last
            part = within - f(index[x])
            made = ends[0, x] + part * (ends[1, x] - ends[0, x])
            before = place if place < ZERO else ZERO
            after = place - last if place > last else ZERO
            # What is no number stays none.
            row[x] = made + before * below + after * above + (place - place)

    return cast(Callable[..., None], along)


def _loop() -> Callable[..., None]:
    """``safelight.pixels.tone.in_numpy`` for a program, some pixels at a time, to be compiled."""
    teach()
    power, along = _power(), _along()
    f = np.float32
    matrix, channels, linear, encoded, curves, mix = (
        tone.MATRIX, tone.CHANNELS, tone.LINEAR, tone.ENCODED, tone.CURVES, tone.MIX,
    )  # fmt: skip
    red, green, blue = (f(value) for value in LUMINANCE)

    def kernel(
        source: Any,
        target: Any,
        steps: Any,
        numbers: Any,
        samples: Any,
        height: int,
        width: int,
        source_channels: int,
        target_channels: int,
        source_step: int,
        target_step: int,
    ) -> None:
        planes = np.empty((3, CHUNK), np.float32)
        weight = np.empty(CHUNK, np.float32)
        index, ends = np.empty(CHUNK, np.int32), np.empty((3, CHUNK), np.float32)
        corners = np.empty((4, CHUNK), np.int32)
        for y in range(height):
            for left in range(0, width, CHUNK):
                count = min(CHUNK, width - left)
                start = y * source_step + source_channels * left
                given = source[start : start + source_channels * count]
                if source_channels == 4:
                    for x in range(count):
                        planes[0, x] = given[4 * x]
                        planes[1, x] = given[4 * x + 1]
                        planes[2, x] = given[4 * x + 2]
                else:
                    for x in range(count):
                        planes[0, x] = given[3 * x]
                        planes[1, x] = given[3 * x + 1]
                        planes[2, x] = given[3 * x + 2]

                for step in range(steps.shape[0]):
                    code, points = steps[step, 0], steps[step, 1]
                    first, apart = steps[step, 2], steps[step, 3]
                    n = numbers[step]
                    if code == channels:
                        for c in range(3):
                            row = planes[c, :count]
                            by, more = n[4 * c], n[9 + c]
                            for x in range(count):
                                row[x] = by * row[x] + more
                    elif code == matrix:
                        for x in range(count):
                            r, g, b = planes[0, x], planes[1, x], planes[2, x]
                            planes[0, x] = n[0] * r + n[1] * g + n[2] * b + n[9]
                            planes[1, x] = n[3] * r + n[4] * g + n[5] * b + n[10]
                            planes[2, x] = n[6] * r + n[7] * g + n[8] * b + n[11]
                    elif code == linear:
                        for c in range(3):
                            row = planes[c, :count]
                            for x in range(count):
                                value = row[x]
                                size = abs(value)
                                curve = power((size + f(0.055)) / f(1.055), f(2.4))
                                made = size / f(12.92) if size <= f(0.04045) else curve
                                row[x] = np.copysign(made, value) + (value - value)
                    elif code == encoded:
                        for c in range(3):
                            row = planes[c, :count]
                            for x in range(count):
                                value = row[x]
                                size = abs(value)
                                base = size if size > f(0.0031308) else f(0.0031308)
                                curve = f(1.055) * power(base, f(1 / 2.4)) - f(0.055)
                                made = size * f(12.92) if size <= f(0.0031308) else curve
                                row[x] = np.copysign(made, value) + (value - value)
                    elif code == curves:
                        for c in range(3):
                            row = planes[c, :count]
                            own = samples[first + c * apart : first + c * apart + points]
                            along(row, own, n[0], n[1], n[2 + c], n[5 + c], index, ends)
                    elif code == mix:
                        own = samples[first : first + points]
                        for x in range(count):
                            light = red * planes[0, x] + green * planes[1, x] + blue * planes[2, x]
                            weight[x] = light
                        along(weight[:count], own, n[0], n[1], n[2], n[3], index, ends)
                        for x in range(count):
                            r, g, b = planes[0, x], planes[1, x], planes[2, x]
                            w = weight[x]
                            planes[0, x] = r + w * (n[4] * r + n[5] * g + n[6] * b + n[13] - r)
                            planes[1, x] = g + w * (n[7] * r + n[8] * g + n[9] * b + n[14] - g)
                            planes[2, x] = b + w * (n[10] * r + n[11] * g + n[12] * b + n[15] - b)
                    else:
                        _lattice(
                            planes, count, samples[first:], points, n[0], n[1], n[2], corners, ends
                        )

                start = y * target_step + target_channels * left
                written = target[start : start + target_channels * count]
                if target_channels == 4:
                    for x in range(count):
                        written[4 * x] = planes[0, x]
                        written[4 * x + 1] = planes[1, x]
                        written[4 * x + 2] = planes[2, x]
                else:
                    for x in range(count):
                        written[3 * x] = planes[0, x]
                        written[3 * x + 1] = planes[1, x]
                        written[3 * x + 2] = planes[2, x]

    _lattice = _lattice_loop()
    return kernel


def _lattice_loop() -> Callable[..., None]:
    """``api.Lattice.apply`` for some pixels, for numba to compile.

    In two loops: the compiler does eight or sixteen pixels at once where nothing is looked up, and
    the corners are chosen without a jump, which would be guessed wrong at every other pixel.
    """
    from numba.extending import register_jitable

    f, i, u = np.float32, np.int32, np.uint32
    green, blue = u(1), u(2)

    @register_jitable  # type: ignore[untyped-decorator]
    def lattice(
        planes: Any,
        count: int,
        points: Any,
        side: int,
        low: Any,
        high: Any,
        scale: Any,
        corners: Any,
        shares: Any,
    ) -> None:
        red_apart, green_apart, blue_apart = i(3 * side * side), i(3 * side), i(3)
        across, last = i(red_apart + green_apart + blue_apart), i(side - 2)
        reds, greens, blues = planes[0, :count], planes[1, :count], planes[2, :count]
        start, one, two, three = corners[0], corners[1], corners[2], corners[3]
        longest, middle, shortest = shares[0], shares[1], shares[2]
        for x in range(count):
            r = (least(most(reds[x], low), high) - low) * scale
            g = (least(most(greens[x], low), high) - low) * scale
            b = (least(most(blues[x], low), high) - low) * scale
            ir, ig, ib = i(r), i(g), i(b)
            ir = ir if ir < last else last
            ig = ig if ig < last else last
            ib = ib if ib < last else last
            r, g, b = r - f(ir), g - f(ig), b - f(ib)
            # The ways to the corners, the longest part first; of equal ones red, then green.
            more, less = (r if r >= g else g), (g if r >= g else r)
            by_more = red_apart if r >= g else green_apart
            by_less = green_apart if r >= g else red_apart
            between = more if more < b else b
            longest[x] = more if more >= b else b
            middle[x] = between if between >= less else less
            shortest[x] = b if b <= less else less
            at = i(i(ir * red_apart + ig * green_apart) + ib * blue_apart)
            start[x] = at
            one[x] = i(at + (by_more if more >= b else blue_apart))
            three[x] = i(at + across)
            two[x] = i(i(at + across) - (blue_apart if b <= less else by_less))
        for x in range(count):
            s, o, t, e = u(start[x]), u(one[x]), u(two[x]), u(three[x])
            p, q, w = longest[x], middle[x], shortest[x]
            r, g, b = reds[x], greens[x], blues[x]
            made = points[s] + p * (points[o] - points[s]) + q * (points[t] - points[o])
            made += w * (points[e] - points[t])
            reds[x] = made + (r - least(most(r, low), high))
            made = points[s + green] + p * (points[o + green] - points[s + green])
            made += q * (points[t + green] - points[o + green])
            made += w * (points[e + green] - points[t + green])
            greens[x] = made + (g - least(most(g, low), high))
            made = points[s + blue] + p * (points[o + blue] - points[s + blue])
            made += q * (points[t + blue] - points[o + blue])
            made += w * (points[e + blue] - points[t + blue])
            blues[x] = made + (b - least(most(b, low), high))

    return cast(Callable[..., None], lattice)


def _called(loop: Callable[..., None]) -> tone.Kernel:
    """The compiled loop of tones with the arrays it wants made from the ones callers have."""

    def kernel(
        source: NDArray[np.float32], target: NDArray[np.float32], program: tone.Program
    ) -> None:
        height, width, channels = source.shape
        if not source.size:
            return
        among_four = three_of_four(source)
        read, read_step = among_four or in_one_piece(source) or copied(source)
        rows = in_one_piece(target)
        written, written_step = rows or copied(target)
        loop(
            read, written, program.steps, program.numbers, program.samples,
            height, width, 4 if among_four else channels, target.shape[2], read_step, written_step,
        )  # fmt: skip
        if rows is None:
            target[...] = written.reshape(target.shape)

    return kernel


def _check(kernel: tone.Kernel) -> None:
    """Raise RuntimeError when the kernel of tones does not do what numpy does."""
    numbers = np.random.default_rng(1)
    image = numbers.uniform(-0.3, 2.0, (5, 67, 4)).astype(np.float32)
    mixing = Matrix(((0.7, 0.2, 0.1), (0.1, 0.8, 0.1), (0.0, 0.3, 0.7)), (0.01, 0.0, -0.02))
    rising = np.sort(numbers.random((3, 64)), axis=1)
    stages: tuple[Stage, ...] = (
        TO_LINEAR,
        Matrix.scaled(1.5, 0.9, 1.1),
        FROM_LINEAR,
        Curves(rising, above="level"),
        mixing,
        Mix(Curves(rising[0][::-1]), mixing),
        Lattice(numbers.random((5, 5, 5, 3))),
    )
    for some in (*((stage,) for stage in stages), stages):
        made = tone.composed(some)
        expected, found = np.empty((5, 67, 3), np.float32), np.empty((5, 67, 3), np.float32)
        tone.in_numpy(made.stages, image, expected)
        kernel(image, found, made.program)
        if not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
            raise RuntimeError("compiled tones are not what numpy computes")


RECIPE = Recipe(_loop, _signature, _called, _check)
