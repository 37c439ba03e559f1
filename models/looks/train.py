"""Train the VAE of looks on photographs, each seen with its look changed in two ways at random.

    python -m models.looks.train --photos FOLDER [FOLDER ...] --out OUT/looks --minutes 30

A step asks four things. That the second look come of the first one's pixels by the grid that is
decoded for the step from the first one's code to the second one's, and likewise for the step that
the amounts of the distortions say. That the first codes differ by those amounts, and the rest only
where something without a name was changed. That codes be spread like a normal distribution, as of
any VAE. And that they be independent of each other (A. Kumar et al., "Variational Inference of
Disentangled Latent Concepts from Unlabeled Observations", ICLR 2018).
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from models.auto.train import oklab, split
from models.looks.distortions import COUNT, SEASON, distorted, drawn
from models.looks.network import FINE, SIDE, Looks, changed, leaves, maps, seen
from models.pictures import read
from models.training import load_all_weights

LARGE = FINE * SIDE  # pixels a side of what is seen
SIZES = (LARGE, 128, 176)  # pixels a side that a photograph is kept with; a part of it is seen
EXAMPLES = 9_600  # photographs seen with their looks changed in two ways
PIXELS = 768  # of each that the loss is taken over
BATCH = 24
RATE, WARM_UP = 1.5e-3, 100
DIVERGENCE = 1e-4  # what a nat of the code's divergence costs
NAMED, NAMELESS = 0.03, 0.01  # what codes cost that differ otherwise than the amounts
INDEPENDENCE = 0.003
LABELLED = 2.0  # times that a look by its amounts counts beside one by its codes
CHROMA = 2.0  # times that an error of colour counts beside one of lightness
LEAFY = 0.12  # part of a picture in the colours of leaves from which on its season is learnt wholly
AVERAGED = 0.997  # part of the averaged weights that a step leaves


def stored(path: Path) -> list[np.ndarray]:
    """A photograph as squares (side, side, 3) uint8 of SIZES, its proportions aside."""
    image = Image.fromarray(read(path))
    return [np.asarray(image.resize((side, side), Image.Resampling.BOX)) for side in SIZES]


def sample(
    pictures: list[list[np.ndarray]], rng: np.random.Generator, count: int, often: np.ndarray
) -> Tensor:
    """Parts of photographs, mirrored or not, (count, 3, LARGE, LARGE), 0 to 1.

    `often` is how often each photograph is drawn beside others.
    """
    rows = np.empty((count, LARGE, LARGE, 3), np.uint8)
    chosen = rng.choice(len(pictures), count, p=often / often.sum())
    for row, which in zip(rows, chosen, strict=True):
        picture = pictures[which][rng.choice(len(SIZES), p=[0.5, 0.25, 0.25])]
        y, x = rng.integers(len(picture) - LARGE + 1, size=2)
        part = picture[y : y + LARGE, x : x + LARGE]
        row[...] = part[:, ::-1] if rng.random() < 0.5 else part
    return torch.from_numpy(rows).permute(0, 3, 1, 2).float() / 255


@dataclass(frozen=True)
class Examples:
    """Photographs in two looks.

    Maps of both as the network is given them (n, 7, SIDE, SIDE), PIXELS of both (n, 3, PIXELS),
    sRGB-encoded, and where these are (n, PIXELS, 2), all float16; the amounts between the two looks
    (n, COUNT), what the season's counts (n,), and whether there is a change without a name besides
    (n,).
    """

    maps: tuple[Tensor, Tensor]
    pixels: tuple[Tensor, Tensor]
    places: Tensor
    between: Tensor
    leafy: Tensor
    nameless: Tensor

    @classmethod
    def made(cls, clean: Tensor, rng: np.random.Generator) -> Examples:
        """Of photographs (n, 3, LARGE, LARGE) with chance looks."""
        one, other, chance = drawn(len(clean), rng)
        looks = distorted(clean, one), distorted(clean, other, chance)
        which = torch.from_numpy(rng.integers(LARGE * LARGE, size=PIXELS))
        places = torch.stack([which % LARGE, which // LARGE], -1).add(0.5).div(LARGE)
        leafy = (leaves(clean).mean((1, 2, 3)) / LEAFY).clamp(0.02, 1)
        return cls(
            tuple(seen(*maps(look)).half() for look in looks),  # type: ignore[arg-type]
            tuple(look.flatten(2)[..., which].half() for look in looks),  # type: ignore[arg-type]
            places.half().expand(len(clean), -1, -1),
            other - one,
            leafy,
            (chance != 0).any(1).float(),
        )

    def rows(self, which: Tensor) -> Examples:
        """Some of them, as float32."""
        return Examples(
            tuple(part[which].float() for part in self.maps),  # type: ignore[arg-type]
            tuple(part[which].float() for part in self.pixels),  # type: ignore[arg-type]
            self.places[which].float(),
            *(part[which] for part in (self.between, self.leafy, self.nameless)),
        )

    @classmethod
    def joined(cls, parts: list[Examples]) -> Examples:
        """All of several, in their order."""
        return cls(
            tuple(torch.cat([p.maps[i] for p in parts]) for i in (0, 1)),  # type: ignore[arg-type]
            tuple(torch.cat([p.pixels[i] for p in parts]) for i in (0, 1)),  # type: ignore[arg-type]
            torch.cat([p.places for p in parts]),
            *(torch.cat([getattr(p, name) for p in parts])
              for name in ("between", "leafy", "nameless")),
        )  # fmt: skip


def examples(pictures: list[list[np.ndarray]], rng: np.random.Generator, count: int) -> Examples:
    """So many of photographs; those with leaves come three times as often."""
    small = torch.from_numpy(np.stack([p[0][::3, ::3] for p in pictures])).permute(0, 3, 1, 2)
    often = 1 + 2 * (leaves(small.float() / 255).mean((1, 2, 3)) > 0.1).double().numpy()
    return Examples.joined([
        Examples.made(sample(pictures, rng, min(BATCH, count - start), often), rng)
        for start in range(0, count, BATCH)
    ])  # fmt: skip


def error(result: Tensor, wanted: Tensor) -> Tensor:
    """Mean distance of pixels (n, 3, p) in Oklab, that of colour counted CHROMA times."""
    # Beyond the range something must still draw back into it.
    beyond = (result - result.clamp(0, 1)).abs().mean()
    result, wanted = (oklab(x.clamp(0, 1)[..., None]) for x in (result, wanted))
    apart = (result - wanted).abs().mean((0, 2, 3))
    return apart[0] + CHROMA * apart[1:].sum() + beyond


def losses(network: Looks, given: Examples) -> dict[str, Tensor]:
    """What a step costs."""
    first, other = given.pixels
    mean, spread = network.encoder(torch.cat(given.maps))
    code = mean + torch.randn_like(mean) * (spread / 2).exp()
    (before, after), (drawn_before, drawn_after) = mean.chunk(2), code.chunk(2)
    gained = after - before
    nameless = given.nameless[:, None]
    told = torch.cat([given.between, nameless * gained[:, COUNT:]], 1)
    by_code = network.decoder(given.maps[0], drawn_before, drawn_after - drawn_before)
    by_name = network.decoder(given.maps[0], before, told)
    made = [changed(first, given.places, grids) for grids in (by_code, by_name)]
    weight = torch.ones_like(given.between)
    weight[:, SEASON] = given.leafy
    varied = torch.cov(mean.T)
    divergence = 0.5 * (mean.square() + spread.exp() - 1 - spread).sum(1).mean()
    rest = ((1 - nameless) * gained[:, COUNT:]).square().mean()
    return {
        "by_code": error(made[0], other),
        "by_name": LABELLED * error(made[1], other),
        "named": NAMED * (weight * (gained[:, :COUNT] - given.between).square()).sum(1).mean(),
        "nameless": NAMELESS * rest,
        "divergence": DIVERGENCE * divergence,
        "independence": INDEPENDENCE * (varied - varied.diagonal().diag()).square().sum(),
    }


def train(
    pictures: list[list[np.ndarray]],
    out: Path,
    minutes: float,
    steps: int = 0,
    seed: int = 1,
    begun: Path | None = None,
) -> Looks:
    """The network, its weights averaged, after so many minutes of one core, or after `steps`.

    It goes on from the weights in the file `begun`, if there is one, and a third as fast.
    Every 500 steps what there is so far is written to `out`/weights.npz.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    start, step, part = time.process_time(), 0, 0.0
    rng = np.random.default_rng(seed)
    count = EXAMPLES // 2 if begun else EXAMPLES
    shown = examples(pictures, rng, min(count, steps * BATCH) if steps else count)
    network, most = Looks(), RATE / 3 if begun else RATE
    if begun:
        load_all_weights(network, begun, "network of Change look")
    average = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.Adam(network.parameters(), RATE, (0.9, 0.99))
    noted: list[list[float]] = []
    with (out / "log.jsonl").open("w", encoding="utf-8") as log:
        while part < 1:
            seconds = time.process_time() - start
            part = (step + 1) / steps if steps else seconds / (60 * minutes)
            rate = most * min(1, (step + 1) / WARM_UP) * (0.01 + 0.99 * (1 - min(part, 1)) ** 1.2)
            for group in optimizer.param_groups:
                group["lr"] = rate
            which = torch.randint(len(shown.between), (BATCH,))
            found = losses(network, shown.rows(which))
            optimizer.zero_grad()
            sum(found.values(), torch.zeros(())).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            step += 1
            left = min(AVERAGED, step / (step + 20))
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - left)
            noted.append([value.item() for value in found.values()])
            if step % 100 == 0 or part >= 1:
                means = dict(zip(found, np.mean(noted, 0).round(5).tolist(), strict=True))
                row = {"step": step, "seconds": round(time.process_time() - start, 1), **means}
                log.write(json.dumps(row) + "\n")
                log.flush()
                noted.clear()
            if step % 500 == 0:
                np.savez_compressed(
                    out / "weights.npz", **{k: v.numpy() for k, v in average.items()}
                )
    network.load_state_dict(average)
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and log")
    parser.add_argument("--minutes", type=float, default=30, help="of one core")
    parser.add_argument("--init", type=Path, help="weights.npz to go on from")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    files, _ = split(given.photos)
    pictures = [stored(path) for path in files]
    print(f"{len(pictures)} photographs", flush=True)
    network = train(pictures, given.out, given.minutes, seed=given.seed, begun=given.init)
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    np.savez_compressed(given.out / "weights.npz", **weights)


if __name__ == "__main__":
    main()
