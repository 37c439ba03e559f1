"""Networks that make pictures: objects of one kind from a code, surfaces of any size from a field.

`Objects` makes a square picture from a code (n, 128) of independent normal numbers, in the manner
of StyleGAN's generators without their noise (Karras et al., "Analyzing and Improving the Image
Quality of StyleGAN", 2020): 4x4 places that the code makes are doubled again and again, every
convolution is scaled and shifted as the code says (FiLM, Perez et al., 2018), and what is seen at
every size is added up. No normalisation anywhere (Huang et al., "The GAN is dead; long live the
GAN!", 2024).

`Enlarged` makes one in two parts that are learnt apart: what is seen at 16 pixels, from a sketch
(`Sketched`), and detail (`Finer`). Of a few thousand pictures it learns in an hour of a processor
what a judge alone does not teach `Objects` by then.

`Surfaces` is convolutional throughout (Bergmann et al., "Learning Texture Manifolds with the
Periodic Spatial GAN", 2017): a field of noise says where things are, a code for each of its places
what they are, and waves whose lengths follow from the code carry what repeats. Any size can be
made, in pieces, and what is periodic at the field's border has no seam.

Pictures are RGB, sRGB-encoded, -1 to 1 while networks are trained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

SMALLEST = 4  # pixels a side that a generator of objects starts from, and a judge ends at
CODE = 128  # numbers
MAPPED = 128
WIDTHS = {4: 256, 8: 256, 16: 192, 32: 128, 64: 64, 128: 32, 256: 16}  # channels by side
SLOPE = 0.2  # of the activation below zero
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the spread of numbers through the activation

SMALL = 16  # pixels a side of what a sketch becomes
FLOW_WIDTHS = (48, 96, 128)  # channels at 16, 8 and 4 pixels
FINER_WIDTHS = (64, 48, 32)  # channels at 16, 32 and 64 pixels, and at more
PASSES = 4
TIMES = 32  # waves by which a network knows how far on the way a picture is

TELLING = 0.5  # how much a code changes a convolution's answers at first


class Convolution(nn.Module):
    """A convolution whose weights are of spread 1 and scaled as they are used.

    So every layer learns at the same rate (Karras et al., "Progressive Growing of GANs", 2018).
    `norm`: no difference becomes larger in it (Miyato et al., "Spectral Normalization", 2018).
    """

    def __init__(self, inputs: int, outputs: int, side: int = 3, *, norm: bool = False):
        super().__init__()
        self.inner = nn.Conv2d(inputs, outputs, side, padding=side // 2)
        nn.init.zeros_(self.inner.bias)
        self.gain = 1.0
        if norm:
            nn.init.orthogonal_(self.inner.weight)
            self.inner = spectral_norm(self.inner)
        else:
            nn.init.normal_(self.inner.weight)
            self.gain = 1 / math.sqrt(inputs * side**2)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.inner.weight * self.gain
        if self.inner.padding_mode == "zeros":
            return F.conv2d(x, weight, self.inner.bias, padding=self.inner.padding)
        return F.conv2d(bordered(x, self.inner.padding_mode), weight, self.inner.bias)


def bordered(x: Tensor, kind: str) -> Tensor:
    """With one place more on each side: those of the other border ("circular"), the same once more
    ("replicate"), or left and right those of the other border alone ("panorama").

    As F.pad does it, but with operators that ONNX has had for long.
    """
    if kind == "circular":
        return wrapped(x)
    x = torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2)
    first, last = x[..., :1], x[..., -1:]
    return torch.cat([last, x, first] if kind == "panorama" else [first, x, last], 3)


def wrapped(x: Tensor) -> Tensor:
    """With what leaves at one border entering at the other, one place wide.

    As F.pad does it, but with operators that ONNX has had for long.
    """
    x = torch.cat([x[:, :, -1:], x, x[:, :, :1]], 2)
    return torch.cat([x[..., -1:], x, x[..., :1]], 3)


class Dense(nn.Module):
    """The same of one place: (n, inputs) to (n, outputs)."""

    def __init__(self, inputs: int, outputs: int, *, value: float = 0.0, gain: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), value))
        self.gain = gain / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.gain, self.bias)


def active(x: Tensor) -> Tensor:
    """The activation: what is below zero counts a fifth; the spread stays."""
    return F.leaky_relu(x, SLOPE) * GAIN


class Held(NamedTuple):
    """What blocks are told elsewhere: `told` (n, c), and `where`, (n, 1, h, w) of 0 to 1."""

    told: Tensor
    where: Tensor

    def at(self, side: int) -> Held:
        """The same for a block of `side` pixels a side."""
        step = self.where.shape[-1] // side
        return self._replace(where=F.avg_pool2d(self.where, step))


class Told(nn.Module):
    """A residual block of two convolutions, scaled and shifted as a code (n, told) says.

    Where something is `held`, as that says.
    """

    def __init__(self, inputs: int, outputs: int, told: int):
        super().__init__()
        self.first = Convolution(inputs, outputs)
        self.second = Convolution(outputs, outputs)
        self.through = Convolution(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        widths = inputs, outputs
        self.scales = nn.ModuleList(Dense(told, w, value=1.0, gain=TELLING) for w in widths)
        self.shifts = nn.ModuleList(Dense(told, w, gain=TELLING) for w in widths)

    def forward(self, x: Tensor, told: Tensor, held: Held | None = None) -> Tensor:
        inner = x
        for n, layer in enumerate((self.first, self.second)):
            scale, shift = (said(part[n], told, held) for part in (self.scales, self.shifts))
            inner = layer(active(inner * scale + shift))
        return (self.through(x) + inner) / math.sqrt(2)


def said(layer: Dense, told: Tensor, held: Held | None) -> Tensor:
    """What a layer makes of what is told: (n, c, 1, 1), or (n, c, h, w) where something is held."""
    usual = layer(told)[..., None, None]
    if held is None:
        return usual
    return usual + held.where * (layer(held.told)[..., None, None] - usual)


class Sketched(nn.Module):
    """Small pictures of one kind of thing from codes (n, CODE): sketches that flow into pictures.

    A sketch is linear in the code, along the principal directions of the pictures that are learnt:
    a normal distribution with their mean and nearly their covariance. From there `flow` says where
    to (Lipman et al., "Flow Matching for Generative Modeling", 2023). What is on its way is held
    on the arc cos a * sketch + sin a * picture, about the mean (Albergo and Vanden-Eijnden,
    "Building Normalizing Flows with Stochastic Interpolants", 2023): there a normal distribution
    need not move at all, so PASSES passes do, and what they have to make is what makes pictures of
    sketches. On straight ways so few would leave results pale.
    """

    def __init__(self, small: int = SMALL, widths: Sequence[int] = FLOW_WIDTHS):
        super().__init__()
        self.small = small
        self.register_buffer("mean", torch.zeros(3 * small**2))
        self.register_buffer("directions", torch.zeros(CODE, 3 * small**2))
        self.flow = Flow(widths)

    def sketch(self, code: Tensor, variety: float | Tensor = 1.0) -> Tensor:
        """What a code begins as, (n, 3, small, small); with less `variety` nearer to the mean."""
        flat = self.mean + variety * (code @ self.directions)
        return flat.unflatten(1, (3, self.small, self.small))

    def direction(self, at: Tensor, n: int) -> Tensor:
        """Where to, a radian of the arc, from where pass `n` begins; about the mean."""
        share, cosine, sine = reached(n), math.cos(turned(n)), math.sin(turned(n))
        between = at / (cosine + sine)  # on the straight way, which is what the flow knows
        mean = self.mean.unflatten(0, at.shape[1:])
        way = self.flow(between + mean, torch.full_like(at[:, 0, 0, 0], share))
        sketch = between - share * way
        return cosine * (sketch + way) - sine * sketch

    def forward(self, code: Tensor) -> Tensor:
        """Pictures (n, 3, small, small) in about -1 to 1, not clipped."""
        return self.made(self.sketch(code))

    def made(self, sketch: Tensor, lock: Tensor | None = None) -> Tensor:
        """Pictures of sketches; where `lock` (1, 1, small, small) is 1, as that of the last.

        Passes are joined by the second of Adams and Bashforth's rules.
        """
        mean = self.mean.unflatten(0, sketch.shape[1:])
        at = locked(sketch - mean, lock)
        before, last = turned(0), torch.zeros_like(at)  # at a sketch, all directions are as likely
        for n in range(PASSES):
            direction, step = self.direction(at, n), turned(n + 1) - turned(n)
            change = step / (2 * before) * (direction - last)
            at = locked(at + step * (direction + change), lock)
            before, last = step, direction
        return at + mean


def locked(pictures: Tensor, lock: Tensor | None) -> Tensor:
    """Pictures, where `lock` is 1 all as the last; the others know what is around them there."""
    return pictures if lock is None else pictures + lock * (pictures[-1:] - pictures)


def reached(n: int) -> float:
    """How far on the straight way from a sketch to a picture pass `n` begins."""
    return (n + 1) / (PASSES + 1)


def turned(n: int) -> float:
    """The same on the arc: the angle at which sketch and picture have these shares."""
    return math.atan2(reached(n), 1 - reached(n))


class Flow(nn.Module):
    """Where pictures that are on their way have to go: (n, 3, s, s) and how far they are, (n,).

    A U-Net (Ronneberger et al., 2015) of three sizes, told how far everything is.
    """

    def __init__(self, widths: Sequence[int] = FLOW_WIDTHS):
        super().__init__()
        fine, middle, coarse = widths
        self.times = nn.ModuleList((Dense(2 * TIMES, MAPPED), Dense(MAPPED, MAPPED)))
        self.head = Convolution(3, fine)
        self.enter = nn.ModuleList((Convolution(fine, middle), Convolution(middle, coarse)))
        self.down = nn.ModuleList(Told(middle, middle, MAPPED) for _ in range(2))
        self.bottom = nn.ModuleList(Told(coarse, coarse, MAPPED) for _ in range(2))
        self.up = nn.ModuleList(
            (Told(coarse + middle, middle, MAPPED), Told(middle + fine, fine, MAPPED))
        )
        self.last = Convolution(fine, 3)
        nn.init.zeros_(self.last.inner.weight)

    def forward(self, picture: Tensor, share: Tensor) -> Tensor:
        told = self.told(share)
        first = self.head(picture)
        x = second = self.through(self.down, self.enter[0](halved(first)), told)
        x = self.through(self.bottom, self.enter[1](halved(x)), told)
        for block, kept in zip(self.up, (second, first), strict=True):
            x = block(torch.cat([smooth(x), kept], 1), told)
        return self.last(active(x))

    def told(self, share: Tensor) -> Tensor:
        """What blocks are told of how far pictures are (n,): (n, MAPPED)."""
        along = torch.linspace(0, math.log(50), TIMES, device=share.device).exp()
        angles = math.pi * share[:, None] * along
        told = math.sqrt(2) * torch.cat([angles.sin(), angles.cos()], 1)
        for layer in self.times:
            told = active(layer(told))
        return told

    @staticmethod
    def through(blocks: nn.ModuleList, x: Tensor, told: Tensor) -> Tensor:
        for block in blocks:
            x = block(x, told)
        return x


def halved(x: Tensor) -> Tensor:
    """At half the size, after the activation."""
    return F.avg_pool2d(active(x), 2)


class Finer(nn.Module):
    """Enlarges pictures of objects, from `small` pixels a side to `side`, with detail as theirs.

    After the pyramid of Denton et al., "Deep Generative Image Models using a Laplacian Pyramid of
    Adversarial Networks", 2015: where things are is told by the small picture, so only detail is to
    be made up. (n, 3, small, small) to (n, 3, side, side), neither clipped. `widths`: channels at
    every size but the largest, which comes out of the one before.
    """

    def __init__(self, small: int, side: int, *, widths: Sequence[int] | None = None):
        super().__init__()
        self.small, self.side = small, side
        doublings = int(math.log2(side // small))
        widths = widths or [FINER_WIDTHS[min(n, len(FINER_WIDTHS) - 1)] for n in range(doublings)]
        self.head = Convolution(3, widths[0])
        entering = [widths[0], *widths[:-1]]
        self.blocks = nn.ModuleList(
            nn.Sequential(Residual(inputs, outputs), Residual(outputs, outputs))
            for inputs, outputs in zip(entering, widths, strict=True)
        )
        self.last = Convolution(widths[-1], 12)
        nn.init.zeros_(self.last.inner.weight)

    def forward(self, picture: Tensor) -> Tensor:
        x = self.head(picture)
        for n, block in enumerate(self.blocks):
            x = block(smooth(x) if n else x)
        detail = F.pixel_shuffle(self.last(active(x)), 2)
        return smooth(picture, self.side // self.small) + detail


class Residual(nn.Module):
    """Two convolutions whose result is added to what enters."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.first = Convolution(inputs, outputs)
        self.second = Convolution(outputs, outputs)
        self.through = Convolution(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return (self.through(x) + self.second(active(self.first(active(x))))) / math.sqrt(2)


class Enlarged(nn.Module):
    """Pictures of one kind of thing from codes (n, CODE): small ones that are made finer."""

    def __init__(self, sketched: Sketched, finer: Finer):
        super().__init__()
        self.sketched, self.finer, self.side = sketched, finer, finer.side

    def forward(self, code: Tensor) -> Tensor:
        """Pictures (n, 3, side, side) in about -1 to 1, not clipped."""
        return self.finer(self.sketched(code))

    def locked(self, codes: Tensor, lock: Tensor, variety: Tensor) -> Tensor:
        """One picture, as the last of `codes` says where `lock` (1, 1, side, side) is 1."""
        lock = F.avg_pool2d(lock, self.side // self.sketched.small)
        small = self.sketched.made(self.sketched.sketch(codes, variety), lock)
        return self.finer(small[:1])


class Objects(nn.Module):
    """Pictures of one kind of thing, `side` pixels a side, from codes (n, CODE).

    While it grows (Karras et al., 2018), `at` is the side of what it makes and `fade` how much of
    the finest size's detail counts. `widths`: channels at every size, instead of `width`.
    """

    def __init__(self, side: int = 128, width: float = 1.0, *, widths: Sequence[int] | None = None):
        super().__init__()
        self.side = side
        sides = [SMALLEST << n for n in range(int(math.log2(side // SMALLEST)) + 1)]
        widths = widths or [max(16, round(WIDTHS[s] * width)) for s in sides]
        self.mapping = nn.ModuleList((Dense(CODE, MAPPED), Dense(MAPPED, MAPPED)))
        self.start = Dense(MAPPED, widths[0] * SMALLEST**2)
        self.blocks = nn.ModuleList(
            Told(inputs, outputs, MAPPED)
            for inputs, outputs in zip([widths[0], *widths], widths, strict=False)
        )
        self.colours = nn.ModuleList(Convolution(inputs, 3, 1) for inputs in widths)
        self.register_buffer("centre", torch.zeros(MAPPED))

    def mapped(self, code: Tensor, variety: float | Tensor = 1.0) -> Tensor:
        """What the blocks are told by codes (n, CODE); with less `variety` nearer to the usual.

        The truncation of Karras et al., "A Style-Based Generator Architecture", 2019.
        """
        told = code * (code.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            told = active(layer(told))
        return self.centre + variety * (told - self.centre)

    def forward(self, code: Tensor, at: int | None = None, fade: float = 1.0) -> Tensor:
        """Pictures (n, 3, at, at) in about -1 to 1, not clipped."""
        return self.made(self.mapped(code), at, fade)

    def locked(self, codes: Tensor, lock: Tensor, variety: Tensor) -> Tensor:
        """One picture, as the last of `codes` says where `lock` (1, 1, side, side) is 1."""
        told = self.mapped(codes, variety)
        return self.made(told[:1], held=Held(told[-1:], lock))

    def made(
        self, told: Tensor, at: int | None = None, fade: float = 1.0, held: Held | None = None
    ) -> Tensor:
        """Pictures of what is `mapped` from codes; `held.where` is as large as the picture."""
        at = at or self.side
        x = self.start(told).unflatten(1, (-1, SMALLEST, SMALLEST))
        if held is not None:
            other = self.start(held.told).unflatten(1, (-1, SMALLEST, SMALLEST))
            x = x + held.at(SMALLEST).where * (other - x)
        picture = None
        for block, colour in zip(self.blocks, self.colours, strict=True):
            x = block(x, told, held and held.at(x.shape[-1]))
            seen = colour(x)
            side = x.shape[-1]
            if picture is not None:
                picture = smooth(picture) + (fade if side == at else 1.0) * seen
            else:
                picture = seen
            if side == at:
                return picture
            x = smooth(x)
        raise ValueError(f"{at} is no size of this network")


def smooth(picture: Tensor, times: int = 2, *, wraps: bool = False) -> Tensor:
    """So many times as wide and high, bilinear; with the other border beyond each if it wraps."""
    size = {"scale_factor": float(times), "mode": "bilinear"}
    if not wraps:
        return F.interpolate(picture, **size)
    around = F.interpolate(wrapped(picture), **size)
    return around[:, :, times:-times, times:-times]


class Halving(nn.Module):
    """A residual block that ends at half the size."""

    def __init__(self, inputs: int, outputs: int, norm: bool):
        super().__init__()
        self.first = Convolution(inputs, inputs, norm=norm)
        self.second = Convolution(inputs, outputs, norm=norm)
        self.through = Convolution(inputs, outputs, 1, norm=norm)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.second(F.avg_pool2d(active(self.first(active(x))), 2))
        return (self.through(F.avg_pool2d(x, 2)) + inner) / math.sqrt(2)


class Judge(nn.Module):
    """How real pictures of up to `side` pixels look: (n, 3, h, w) to (n,), unbounded.

    Of objects it judges the whole. Of surfaces (`kinds` numbers say of what) it judges every part,
    and whether it is of that kind (Miyato and Koyama, "cGANs with Projection Discriminator", 2018).
    While it grows, a picture of `fade` less than 1 is seen partly at half its size.
    """

    def __init__(self, side: int = 128, width: float = 1.0, *, norm: bool = False, kinds: int = 0):
        super().__init__()
        last = SMALLEST << 1 if kinds else SMALLEST
        sides = [side >> n for n in range(int(math.log2(side // last)) + 1)]
        widths = [max(16, round(WIDTHS[s] * width)) for s in sides]
        self.sides = sides
        self.seen = nn.ModuleList(Convolution(3, w, 1, norm=norm) for w in widths)
        self.blocks = nn.ModuleList(
            Halving(inputs, outputs, norm)
            for inputs, outputs in zip(widths, widths[1:], strict=False)
        )
        self.after = Convolution(widths[-1], widths[-1], norm=norm)
        if kinds:
            self.last: nn.Module = Convolution(widths[-1], 1)
            self.wanted = Dense(kinds, widths[-1])
        else:
            self.last = Dense(widths[-1] * SMALLEST**2, 1)

    def features(self, pictures: Tensor, fade: float = 1.0) -> Tensor:
        """What the last layer judges, (n, c, h, w)."""
        first = self.sides.index(pictures.shape[-1])
        x = self.seen[first](pictures)
        for n in range(first, len(self.blocks)):
            x = self.blocks[n](x)
            if n == first and fade < 1:
                coarse = self.seen[n + 1](F.avg_pool2d(pictures, 2))
                x = coarse + fade * (x - coarse)
        return active(self.after(active(x)))

    def forward(self, pictures: Tensor, fade: float = 1.0, kinds: Tensor | None = None) -> Tensor:
        x = self.features(pictures, fade)
        if kinds is None:
            return self.last(x.flatten(1))[:, 0]
        wanted = self.wanted(kinds)[:, :, None, None] / math.sqrt(x.shape[1])
        return (self.last(x)[:, 0] + (wanted * x).sum(1)).mean((1, 2))
