"""A photograph in the style of any picture, in one pass: an encoder, a transform, a decoder.

One encoder sees photograph and style. Its features at a half, a quarter and an eighth of the size
are given the style's statistics (adaptive instance normalisation, Huang and Belongie 2017), and a
decoder whose convolutions are scaled and shifted as the style says (Perez et al., "FiLM: Visual
Reasoning with a General Conditioning Layer", 2018; Ghiasi et al., "Exploring the structure of a
real-time, arbitrary neural artistic stylization network", 2017) makes a picture of them.

What is known of a picture is a list of *tokens*: for each of some cells, the mean and the mean
square of every feature in it. `fast` has one cell, the whole picture. `quality` has many, and every
place of the photograph chooses among them by attention, in several heads: mean and spread are
then those of the cells it attends to (Liu et al., "AdaAttN: Revisit Attention Mechanism in
Arbitrary Neural Style Transfer", 2021). Attending to all alike gives the statistics of the whole.

Nothing else is global: a photograph's own statistics are given too, measured once on the whole of
it, so any piece of it becomes what it is in the whole. Styles are mixed by giving the tokens of all
of them, each with its share; a share of the photograph's own is a weaker style.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = {"fast": (12, 32, 64, 96), "quality": (16, 48, 96, 144)}  # at 1, 1/2, 1/4, 1/8
BLOCKS = {"fast": (1, 1, 3), "quality": (1, 2, 4)}  # residual ones at 1/2, 1/4, 1/8
CELLS = {"fast": 1, "quality": 12}  # a side; of one cell the covariances are known too
HEADS = 4
QUERY = 16  # channels of a head's question
MAPPED = 128  # channels of what the style tells the decoder
MULTIPLE = 8
EPSILON = 1e-4  # least variance
SMALLEST_SHARE = 1e-6
RIDGE = 0.01  # added to a covariance, in parts of its mean variance
ITERATIONS = 15  # towards a square root of a matrix


class Encoder(nn.Module):
    """(n, 3, h, w) to features of a half, a quarter and an eighth of the size."""

    def __init__(self, widths: tuple[int, ...]):
        super().__init__()
        self.first = nn.Conv2d(3, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3, padding=1)
            for inputs, outputs in zip(widths, widths[1:], strict=False)
        )
        self.same = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for width in widths[1:])

    def forward(self, image: Tensor) -> list[Tensor]:
        x = F.leaky_relu(self.first(image - 0.5), 0.2)
        levels = []
        for down, same in zip(self.down, self.same, strict=True):
            # Means of 2x2 before the convolution: nothing is aliased, a shift changes little.
            x = F.leaky_relu(down(F.avg_pool2d(x, 2)), 0.2)
            x = x + same(x)
            levels.append(x)
            x = F.leaky_relu(x, 0.2)
        return levels


class Modulated(nn.Module):
    """A convolution whose every answer is scaled and shifted as the style says."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.scale = nn.Linear(MAPPED, outputs)
        self.shift = nn.Linear(MAPPED, outputs)
        for layer, value in ((self.scale, 1.0), (self.shift, 0.0)):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.constant_(layer.bias, value)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        return scaled(self.convolution(x), self.scale(style), self.shift(style))


class Block(nn.Module):
    """x plus what two modulated convolutions make of it."""

    def __init__(self, width: int):
        super().__init__()
        self.first, self.second = Modulated(width, width), Modulated(width, width)
        self.share = nn.Parameter(torch.tensor(0.3))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        inner = F.leaky_relu(self.first(F.leaky_relu(x, 0.2), style), 0.2)
        return x + self.share * self.second(inner, style)


class Statistics(NamedTuple):
    """Means and mean squares of features (..., c); of one cell the mean products (..., c, c)."""

    mean: Tensor
    square: Tensor
    products: Tensor | None = None

    def deviation(self) -> Tensor:
        """Standard deviations."""
        return ((self.square - self.mean.square()).clamp(min=0) + EPSILON).sqrt()


class Transform(nn.Module):
    """Features with the statistics of the style: of all of it, or of where attention goes."""

    def __init__(self, width: int, attends: bool):
        super().__init__()
        self.attends = attends
        if attends:
            self.query = nn.Conv2d(width, HEADS * QUERY, 1)
            self.key = nn.Linear(width, HEADS * QUERY)

    def forward(
        self, x: Tensor, own: Statistics, cells: Statistics, shares: Tensor, spread: Statistics
    ) -> Tensor:
        """`x` (n, c, h, w); `own` (n, c) each; `cells` (n, t, c), `shares` (n, t); `spread` (n, c).

        `spread` are the statistics of all cells together.
        """
        if spread.products is not None:
            return transported(x, own, spread)
        if not self.attends:
            scale = spread.deviation() / own.deviation()
            return scaled(x, scale, spread.mean - own.mean * scale)
        scale = own.deviation().reciprocal()
        x = scaled(x, scale, -own.mean * scale)
        batch, width, height, _ = x.shape
        # What a cell is asked is how it differs from the whole, in the measure of the whole.
        told = (cells.mean - spread.mean[:, None]) / spread.deviation()[:, None]
        key = self.key(told).unflatten(2, (HEADS, QUERY)).transpose(1, 2)
        query = self.query(x).flatten(2).unflatten(1, (HEADS, QUERY)).transpose(2, 3)
        likeness = query @ key.transpose(2, 3) / QUERY**0.5 + shares.log()[:, None, None]
        attention = likeness.softmax(3)
        mean, square = (
            (attention @ part.unflatten(2, (HEADS, -1)).transpose(1, 2))
            .transpose(2, 3)
            .reshape(batch, width, height, -1)
            for part in cells[:2]
        )
        found = Statistics(mean, square)
        return x * found.deviation().to(x.dtype) + found.mean.to(x.dtype)


class Stylizer(nn.Module):
    """The network of one size. Pictures are RGB, sRGB-encoded, 0 to 1, sides multiples of 8."""

    scale = 1

    def __init__(self, size: str = "fast"):
        super().__init__()
        widths, blocks = WIDTHS[size], BLOCKS[size]
        self.cells = CELLS[size]
        self.levels = widths[1:]
        self.encoder = Encoder(widths)
        known = 2 * sum(self.levels)
        triangles = [torch.triu_indices(width, width) for width in self.levels]
        self.triangles = [part.shape[1] for part in triangles] if self.cells == 1 else None
        for n, ((rows, columns), width) in enumerate(zip(triangles, self.levels, strict=True)):
            place = torch.zeros(width, width, dtype=torch.long)
            place[rows, columns] = place[columns, rows] = torch.arange(len(rows))
            self.register_buffer(f"places_{n}", place, persistent=False)
            self.register_buffer(f"upper_{n}", rows * width + columns, persistent=False)
        self.mapping = nn.Sequential(
            nn.LayerNorm(known), nn.Linear(known, MAPPED), nn.LeakyReLU(0.2),
            nn.Linear(MAPPED, MAPPED), nn.LeakyReLU(0.2),
        )  # fmt: skip
        # At a half of the size attention would cost most and say least.
        self.transforms = nn.ModuleList(
            Transform(width, self.cells > 1 and n > 0) for n, width in enumerate(self.levels)
        )
        self.blocks = nn.ModuleList(
            nn.ModuleList(Block(width) for _ in range(count))
            for width, count in zip(self.levels, blocks, strict=True)
        )
        self.up = nn.ModuleList(
            Modulated(coarse, fine)
            for fine, coarse in zip(self.levels, self.levels[1:], strict=False)
        )
        self.fine = Modulated(self.levels[0], 2 * widths[0])
        self.last = nn.Conv2d(2 * widths[0], 3, 3, padding=1)

    def describe(self, picture: Tensor) -> Tensor:
        """The tokens of a picture (n, 3, h, w): (n, cells * cells, what is known of a cell).

        Of several cells, in rows from the top left: means of every level, then mean squares of
        every level. Of one: means of every level, then for every level the mean products of its
        channels, the upper triangle row by row. The sides are multiples of 8 * cells.
        """
        return self.tokens(self.encoder(picture))

    def tokens(self, levels: list[Tensor]) -> Tensor:
        """What is known of a picture with these features, see `describe`."""
        if self.cells > 1:
            return in_cells(levels, self.cells)
        flats = [level.float().flatten(2) for level in levels]
        known = [flat.mean(2) for flat in flats]
        for n, flat in enumerate(flats):
            with torch.autocast(flat.device.type, enabled=False):  # roots are taken of it
                products = flat @ flat.transpose(1, 2) / flat.shape[2]
            known.append(products.flatten(1)[:, getattr(self, f"upper_{n}")])
        return torch.cat(known, 1)[:, None]

    def forward(self, image: Tensor, own: Tensor, style: Tensor, shares: Tensor) -> Tensor:
        """Give `image` (n, 3, h, w) the style; the same size, not clipped.

        `own` (n, known): the mean of the whole photograph's tokens. `style` (n, t, known) and
        `shares` (n, t), which add up to 1: tokens, and how much each counts.
        """
        return self.decode(self.encoder(image), own, style, shares)

    def decode(self, levels: list[Tensor], own: Tensor, style: Tensor, shares: Tensor) -> Tensor:
        """The picture of a photograph's features, in a style."""
        shares = shares.clamp(min=SMALLEST_SHARE)
        whole = (style * shares[..., None]).sum(1) / shares.sum(1, keepdim=True)
        its, cells, spread = self.split(own), self.split(style), self.split(whole)
        told = torch.cat([torch.cat([s.mean, s.deviation().log()], 1) for s in spread], 1)
        mapped = self.mapping(told)
        x = None
        for n in reversed(range(len(self.levels))):
            level = self.transforms[n](levels[n], its[n], cells[n], shares, spread[n])
            if x is not None:
                x = enlarged(self.up[n](F.leaky_relu(x, 0.2), mapped))
                level = level + x
            x = level
            for block in self.blocks[n]:
                x = block(x, mapped)
        x = self.fine(F.leaky_relu(x, 0.2), mapped)
        return self.last(enlarged(F.leaky_relu(x, 0.2))) + 0.5

    def split(self, known: Tensor) -> list[Statistics]:
        """The statistics of each level that stand in tokens (..., what is known of a cell)."""
        total = sum(self.levels)
        means = known[..., :total].split(self.levels, -1)
        if self.triangles is None:
            squares = known[..., total:].split(self.levels, -1)
            return [Statistics(*level) for level in zip(means, squares, strict=True)]
        found = []
        parts = known[..., total:].split(self.triangles, -1)
        for n, (mean, part) in enumerate(zip(means, parts, strict=True)):
            products = part[..., getattr(self, f"places_{n}")]
            found.append(Statistics(mean, products.diagonal(dim1=-2, dim2=-1), products))
        return found


def in_cells(levels: list[Tensor], cells: int) -> Tensor:
    """Means and mean squares of features in every cell, `cells` a side, see Stylizer.describe."""
    parts = [level.float() for level in levels]
    parts += [part.square() for part in parts]
    means = [
        part.unflatten(3, (cells, part.shape[3] // cells))
        .unflatten(2, (cells, part.shape[2] // cells))
        .mean((3, 5))
        for part in parts
    ]
    return torch.cat(means, 1).flatten(2).transpose(1, 2)


def transported(x: Tensor, own: Statistics, style: Statistics) -> Tensor:
    """Features (n, c, h, w) moved to the style's mean and covariance by as little as can be.

    The optimal map between two normal distributions (Lu et al., "A Closed-form Solution to
    Universal Style Transfer", 2019): R^-1 (R S R)^1/2 R^-1 with R the square root of the own
    covariance, S the style's. No gradient goes through the roots: it would grow beyond all bounds
    where there is next to no variance.
    """
    with torch.autocast(x.device.type, enabled=False):
        with torch.no_grad():
            # In double precision: where there is next to no variance rounding would be seen.
            root, inverse = square_root(covariance(own).double())
            middle, _ = square_root(root @ covariance(style).double() @ root)
            moves = (inverse @ middle @ inverse).float()
        shift = style.mean - (moves @ own.mean[..., None])[..., 0]
    batch, width, height, _ = x.shape
    moved = moves.to(x.dtype) @ x.flatten(2) + shift.to(x.dtype)[..., None]
    return moved.unflatten(2, (height, -1))


def covariance(known: Statistics) -> Tensor:
    """Covariances (n, c, c), with a little variance added to all channels."""
    assert known.products is not None
    centred = known.products - known.mean[..., None] * known.mean[..., None, :]
    width = centred.shape[-1]
    variance = centred.diagonal(dim1=-2, dim2=-1).mean(-1).clamp(min=0) + EPSILON
    ridge = (RIDGE * variance)[..., None, None]
    return centred + ridge * torch.eye(width, device=centred.device)


def square_root(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """The square root of symmetric positive matrices (n, c, c), and its inverse.

    Newton and Schulz's coupled iteration: products alone, which any runtime has (Higham,
    "Functions of Matrices", 2008, section 6.3). Directions of next to no variance stay short of it.
    """
    size = matrix.square().sum((-2, -1), keepdim=True).sqrt()
    unit = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    root, inverse = matrix / size, unit.expand_as(matrix)
    for _ in range(ITERATIONS):
        step = 1.5 * unit - 0.5 * inverse @ root
        root, inverse = root @ step, step @ inverse
    return root * size.sqrt(), inverse / size.sqrt()


def scaled(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Features (n, c, h, w) times `scale` plus `shift`, both (n, c)."""
    scale, shift = (part.to(x.dtype)[..., None, None] for part in (scale, shift))
    return torch.addcmul(shift, x, scale)


def enlarged(x: Tensor) -> Tensor:
    """Twice as wide and high. Bilinear: transposed convolutions leave a checkerboard."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
