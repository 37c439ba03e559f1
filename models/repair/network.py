"""The filling network: a conditional hierarchical variational autoencoder.

What is missing in a photograph is not known, so the network gives a distribution over it. Skips
carry what is there, latents what is missing:

- An encoder looks at the damaged picture and its mask, at a half to a sixteenth of the size.
- A decoder comes back from the coarsest size. At a sixteenth, an eighth and a quarter it draws a
  latent: from a *prior* that has seen the damaged picture and the coarser latents, or, in
  training, from a *posterior* that has seen the original as well (Sohn et al., "Learning
  Structured Output Representation using Deep Conditional Generative Models", 2015; the ladder and
  the posterior as a correction of the prior are those of NVAE, Vahdat and Kautz, 2020).
- Latents are zero wherever nothing is missing, so they cannot say anything about what is there.

The decoder says how to blend lines through the hole (models/repair/lines.py) with a plain
interpolation of its rim (`interpolation`), and what to add to that. Its last convolution starts at
zero: an untrained network blends by how well the ends of a line agree and how long it is. All are
3x3 convolutions without normalisation, and nothing is global, so any size of picture goes through,
and in tiles.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.repair.lines import DIRECTIONS, Lines, lines

MULTIPLE = 16  # pixels: height and width of what goes through
LATENTS = (16, 8, 4)  # channels of a latent at 1/16, 1/8 and 1/4 of the size
NOISE_STRIDE = 4  # pixels to a place of the noise
WIDTHS = {
    "small": (48, 64, 96, 128),  # channels at 1/2, 1/4, 1/8 and 1/16: for a CPU to train
    "large": (64, 96, 128, 144),
}
POSTERIOR = (32, 48, 64)  # channels at 1/4, 1/8 and 1/16 of what sees the original
SPREAD = 2.5  # largest logarithm of a standard deviation, on either side of 0
# A posterior that starts as the prior is noise, which the decoder unlearns to hear before there is
# anything to hear. So it starts narrow and far from it.
FIRST_NARROWING = -2.5  # logarithm of its deviation, in those of the prior
FIRST_GAIN = 8.0  # of its mean, over the usual start of a convolution
# What an untrained network thinks of a line: the logarithm of its weight, the interpolation's is 0.
AGREEMENT = 15.0  # less for a difference of its ends of the whole range
NEARNESS = 1.5  # less for every time that it is e times as long
LINE = 5.8  # more from the start
OPEN_LINE = 0.0  # more, where only one end is known
NO_LINE = -30.0  # of one without an end
SEEN = 5 + 5 * len(DIRECTIONS)  # planes that the encoder is given of every pixel
RIM_STEPS = 4  # times that colours spread by one place at 1/16: holes of 128 pixels are covered


class Latent(NamedTuple):
    """What prior and posterior say of one latent, all (n, c, h, w), and where it counts.

    `kl` in nats, from posterior to prior, 0 outside `hole` (n, 1, h, w). `shift` is how far the
    posterior's mean lies from the prior's, in standard deviations of the prior.
    """

    kl: Tensor
    shift: Tensor
    hole: Tensor


class Surroundings(NamedTuple):
    """What a filling is blended from: the interpolated rim (n, 3, h, w), the lines through it."""

    base: Tensor
    lines: Lines


class Block(nn.Module):
    """Two 3x3 convolutions around an activation, added to what came in; (n, c, h, w)."""

    def __init__(self, channels: int, dilation: int = 1):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


def interpolation(image: Tensor, known: Tensor) -> Tensor:
    """The picture with the unknown pixels filled in from around them, smoothly.

    (n, 3, h, w) and (n, 1, h, w) of 0 and 1, h and w multiples of MULTIPLE. Each size's pixel is
    the mean of the known ones of the four below it; the unknown are taken from the size above
    (pull and push: Gortler et al., "The Lumigraph", 1996). What is further from the rim than the
    coarsest size knows becomes mid-grey.
    """
    levels = [(image * known, known)]
    for _ in range(4):
        image, known = levels[-1]
        sums, share = F.avg_pool2d(image, 2), F.avg_pool2d(known, 2)
        levels.append((sums / share.clamp(min=0.25), (share > 0).to(image.dtype)))
    filled, known = levels.pop()
    for _ in range(RIM_STEPS):
        sums, share = (F.avg_pool2d(part, 3, 1, 1) for part in (filled * known, known))
        filled = filled * known + (1 - known) * sums / share.clamp(min=0.05)
        known = (share > 0).to(filled.dtype)
    filled = filled * known + 0.5 * (1 - known)
    while levels:
        image, known = levels.pop()
        larger = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
        filled = image * known + larger * (1 - known)
    return filled


class Posterior(nn.Module):
    """What training sees of the original: what the interpolation lacks, at three sizes.

    (n, 3, h, w) and the hole (n, 1, h, w) to features at 1/16, 1/8 and 1/4. No part of what ships.
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(16, POSTERIOR[0], 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(width) for width in POSTERIOR)
        self.down = nn.ModuleList(
            nn.Conv2d(finer, coarser, 3, stride=2, padding=1)
            for finer, coarser in zip(POSTERIOR, POSTERIOR[1:], strict=False)
        )

    def forward(self, missing: Tensor, hole: Tensor) -> list[Tensor]:
        x = self.blocks[0](self.head(F.pixel_unshuffle(torch.cat([missing, hole], 1), 2)))
        levels = [x]
        for down, block in zip(self.down, self.blocks[1:], strict=True):
            x = block(down(F.silu(x)))
            levels.append(x)
        return levels[::-1]


def bounded(spread: Tensor) -> Tensor:
    """The logarithm of a deviation kept within SPREAD: of exponents one stray value is enough."""
    return SPREAD * torch.tanh(spread / SPREAD)


class Rung(nn.Module):
    """One latent of the ladder: its prior, its posterior, its way into the decoder.

    `width` channels of the decoder, `seen` of the posterior's features, `channels` of the latent.
    """

    def __init__(self, width: int, seen: int, channels: int):
        super().__init__()
        self.prior = nn.Conv2d(width, 2 * channels, 3, padding=1)
        self.correction = nn.Sequential(
            nn.Conv2d(width + seen, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, 2 * channels, 3, padding=1),
        )
        self.enter = nn.Conv2d(channels, width, 1)
        nn.init.zeros_(self.prior.weight)
        nn.init.zeros_(self.prior.bias)
        last = self.correction[-1]
        with torch.no_grad():
            last.weight[:channels] *= FIRST_GAIN
            last.bias[channels:] = FIRST_NARROWING

    def drawn(self, x: Tensor, noise: Tensor, hole: Tensor) -> Tensor:
        """The decoder's `x` with a latent from the prior; `noise` is standard normal."""
        mean, spread = self.prior(F.silu(x)).chunk(2, 1)
        return x + self.enter(hole * (mean + bounded(spread).exp() * noise))

    def told(
        self, x: Tensor, noise: Tensor, hole: Tensor, seen: Tensor, plain: Tensor
    ) -> tuple[Tensor, Latent]:
        """The same with a latent from the posterior, or with the prior's mean where `plain`.

        `plain` is (n, 1, 1, 1) of 0 and 1. Numbers that are exponents stay in float32.
        """
        mean, spread = self.prior(F.silu(x)).float().chunk(2, 1)
        spread = bounded(spread)
        shift, narrowing = self.correction(torch.cat([F.silu(x), seen], 1)).float().chunk(2, 1)
        narrowing = bounded(narrowing)
        deviation = spread.exp()
        kl = 0.5 * (shift.square() + (2 * narrowing).exp() - 1) - narrowing
        posterior = mean + deviation * (shift + narrowing.exp() * noise)
        z = torch.where(plain > 0, mean, posterior)
        return x + self.enter(hole * z), Latent(kl * hole, shift, hole)


class Filler(nn.Module):
    """Fills what is missing in a picture.

    `forward` is what ships: image (n, 3, h, w), sRGB-encoded, 0 to 1; mask (n, 1, h, w), above 0
    where something is missing, less than 1 where the result is blended in; guess (n, 1, h, w), 1
    where the image already holds a blurred guess of what is missing, from a smaller size; noise
    (n, sum(LATENTS), h/4, w/4), standard normal, or zeros for the likeliest filling. Output
    (n, 3, h, w), the very input where the mask is 0. h and w are multiples of MULTIPLE.
    """

    def __init__(self, size: str = "small"):
        super().__init__()
        self.size = size
        widths = WIDTHS[size]
        coarsest = widths[-1]
        self.head = nn.Conv2d(4 * SEEN, widths[0], 3, padding=1)
        self.encode = nn.ModuleList(Block(width) for width in widths)
        self.down = nn.ModuleList(
            nn.Conv2d(finer, coarser, 3, stride=2, padding=1)
            for finer, coarser in zip(widths, widths[1:], strict=False)
        )
        self.bottom = nn.Sequential(Block(coarsest, 2), Block(coarsest, 4))
        self.rungs = nn.ModuleList(
            Rung(width, seen, channels)
            for width, seen, channels in zip(widths[:0:-1], POSTERIOR[::-1], LATENTS, strict=True)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(coarser, finer, 3, padding=1)
            for coarser, finer in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.decode = nn.ModuleList(Block(width) for width in widths[::-1])
        self.judgement = nn.Parameter(torch.tensor([LINE, AGREEMENT, NEARNESS, OPEN_LINE]))
        self.last = nn.Conv2d(widths[0], 4 * (3 + 1 + len(DIRECTIONS)), 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.posterior = Posterior()

    def forward(self, image: Tensor, mask: Tensor, guess: Tensor, noise: Tensor) -> Tensor:
        hole = (mask > 0).to(image.dtype)
        surroundings, features = self.context(image, hole, guess)
        noises = split_noise(noise)

        def latent(n: int, x: Tensor, covered: Tensor) -> Tensor:
            return self.rungs[n].drawn(x, noises[n], covered)

        filled = self.decoded(surroundings, features, hole, latent)
        return torch.where(mask > 0, image + mask * (filled - image), image)

    def reconstruct(
        self, image: Tensor, hole: Tensor, guess: Tensor, original: Tensor, plain: Tensor
    ) -> tuple[Tensor, list[Latent]]:
        """What is learnt from: (filled, one Latent for each scale, coarsest first).

        `original` is the picture before the damage, `hole` 0 or 1. Pictures that are `plain`,
        (n, 1, 1, 1) of 0 and 1, are filled without having seen the original, with the means of
        the prior. `filled` is not yet composed with the image.
        """
        surroundings, features = self.context(image, hole, guess)
        seen = self.posterior(hole * (original - surroundings.base), hole)
        latents: list[Latent] = []

        def latent(n: int, x: Tensor, covered: Tensor) -> Tensor:
            rung = self.rungs[n]
            noise = torch.randn(x.shape[0], LATENTS[n], *x.shape[2:], device=x.device)
            x, found = rung.told(x, noise, covered, seen[n], plain)
            latents.append(found)
            return x

        return self.decoded(surroundings, features, hole, latent), latents

    def context(
        self, image: Tensor, hole: Tensor, guess: Tensor
    ) -> tuple[Surroundings, list[Tensor]]:
        """What a filling is blended from, and what the encoder sees, at 1/2 to 1/16."""
        with torch.autocast(image.device.type, enabled=False):
            known = 1 - hole * (1 - guess)
            base = interpolation(image, known)
            found = lines(image, known)
            ends = found.ended + found.open
            parts = (found.colour - base[:, None]) * ends[:, :, None]
            near = (found.ended - found.open) / (1 + found.length)
            planes = [base - 0.5, hole, hole * guess, parts.flatten(1, 2), found.contrast, near]
        x = self.head(F.pixel_unshuffle(torch.cat(planes, 1), 2))
        features = [self.encode[0](x)]
        for down, block in zip(self.down, self.encode[1:], strict=True):
            features.append(block(down(F.silu(features[-1]))))
        features[-1] = self.bottom(features[-1])
        return Surroundings(base, found), features

    def blended(self, surroundings: Surroundings, more: Tensor) -> Tensor:
        """The interpolation and the lines, weighed by their judgement and what is said `more`."""
        base, found = surroundings
        line, agreement, nearness, open_line = self.judgement
        judged = line * found.ended + open_line * found.open - agreement * found.contrast
        judged = judged - nearness * (1 + found.length).log()
        judged = torch.where(found.ended + found.open > 0, judged, NO_LINE)
        weights = (torch.cat([torch.zeros_like(judged[:, :1]), judged], 1) + more).softmax(1)
        parts = (weights[:, 1:, None] * found.colour).sum(1)
        return weights[:, :1] * base + parts

    def decoded(self, surroundings, features, hole, latent) -> Tensor:
        """The filling, (n, 3, h, w), not yet composed with the image.

        `latent` takes the number of a rung, the decoder's state and the hole at its size, and
        gives the state with the latent in it.
        """
        holes = [F.max_pool2d(hole, MULTIPLE >> n) for n in range(len(LATENTS))]
        x = features[-1]
        for n, covered in enumerate(holes):
            x = self.decode[n](latent(n, x, covered))
            larger = F.interpolate(x, scale_factor=2, mode="nearest")
            x = self.up[n](F.silu(larger)) + features[-2 - n]
        said = F.pixel_shuffle(self.last(F.silu(self.decode[-1](x))), 2)
        with torch.autocast(said.device.type, enabled=False):
            said = said.float() if said.dtype is torch.bfloat16 else said
            return self.blended(surroundings, said[:, 3:]) + said[:, :3]

    def shipped_parameters(self) -> int:
        """How many weights the exported file has: those of the posterior stay behind."""
        behind = [self.posterior, *(rung.correction for rung in self.rungs)]
        count = sum(p.numel() for p in self.parameters())
        return count - sum(p.numel() for module in behind for p in module.parameters())


def split_noise(noise: Tensor) -> list[Tensor]:
    """The noise of each latent, coarsest first, from (n, sum(LATENTS), h/4, w/4).

    A coarser latent takes every second or fourth place, so that all noise lies on one grid.
    """
    strides = [MULTIPLE // NOISE_STRIDE >> n for n in range(len(LATENTS))]
    parts = noise.split(LATENTS, 1)
    return [part[:, :, ::s, ::s] for part, s in zip(parts, strides, strict=True)]
