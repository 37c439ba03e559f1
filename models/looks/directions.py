"""Directions: set how far each slider goes along which codes, by measurements, and write them.

    python -m models.looks.directions --weights OUT/weights.npz --photos FOLDER [FOLDER ...]

Each named code is a direction already. What a slider along it does to photographs that were trained
with is measured without the VAE (`attributes.explained`); the directions are then mixed so that
each moves its own look by 1 and the others by nothing: linear, as InterFaceGAN makes directions
independent (Y. Shen et al., CVPR 2020), by the inverse of the matrix of responses.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.auto.train import split
from models.looks.attributes import ENOUGH, explained, leafy
from models.looks.distortions import COUNT, NAMES, SEASON
from models.looks.export import PLUGIN
from models.looks.network import LATENT, Looks, changed, maps, seen
from models.looks.train import LARGE, stored
from models.tiles import sha256
from models.training import load_all_weights

TRIED = 24  # photographs that the sliders are tried on, half of them with leaves
AMOUNTS = (-0.7, 0.7)  # of the sliders that are tried
LARGEST = 0.2  # what a slider goes along another code at most, and its own more or less than 1


@torch.no_grad()
def moved(network: Looks, pictures: Tensor, steps: Tensor) -> Tensor:
    """Pictures (n, 3, LARGE, LARGE) with their codes moved by steps (n, LATENT), 0 to 1."""
    given = seen(*maps(pictures))
    code, _ = network.encoder(given)
    grids = network.decoder(given, code, steps)
    along = (torch.arange(LARGE) + 0.5) / LARGE
    down, across = torch.meshgrid(along, along, indexing="ij")
    places = torch.stack([across, down], -1).reshape(1, -1, 2).expand(len(pictures), -1, -1)
    made = changed(pictures.flatten(2), places, grids)
    return made.unflatten(2, (LARGE, LARGE)).clamp(0, 1)


def responses(network: Looks, pictures: Tensor, steps: Tensor) -> Tensor:
    """What is found in pictures for an amount of 1 of each slider, (n, look, slider), with steps
    (COUNT, LATENT).
    """
    found = []
    for picture in pictures:
        each = torch.cat([amount * steps for amount in AMOUNTS])
        after = moved(network, picture.expand(len(each), -1, -1, -1), each)
        low, high = explained(picture[None], after).chunk(2)
        found.append(((high - low) / (AMOUNTS[1] - AMOUNTS[0])).T)
    return torch.stack(found)


def median_response(found: Tensor, leafy: Tensor) -> Tensor:
    """The medians over pictures, (look, slider): for the season, over those with leaves."""
    matrix = found.median(0).values
    with_leaves = found[leafy > ENOUGH].median(0).values
    matrix[SEASON], matrix[:, SEASON] = with_leaves[SEASON], with_leaves[:, SEASON]
    return matrix


def mixed(steps: Tensor, found: Tensor) -> Tensor:
    """Steps (COUNT, LATENT) mixed so that responses `found` (look, slider) become 1 for a slider's
    own look and 0 for the others, within LARGEST of what they were.
    """
    mix = torch.linalg.inv(found).T
    own = torch.eye(COUNT)
    return (own + (mix - own).clamp(-LARGEST, LARGEST)) @ steps


def directions(network: Looks, pictures: list[np.ndarray]) -> Tensor:
    """The directions (COUNT, LATENT), by photographs (LARGE, LARGE, 3) uint8."""
    shown = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255
    green = leafy(shown)
    half = TRIED // 2
    shown = torch.cat([part[:: max(len(part) // half, 1)][:half]
                       for part in (shown[green > ENOUGH], shown[green <= ENOUGH])])  # fmt: skip
    steps = torch.eye(COUNT, LATENT)
    found = median_response(responses(network, shown, steps), leafy(shown))
    print(np.round(found.numpy(), 2), flush=True)
    return mixed(steps, found)


def told(steps: Tensor, sums: Path) -> str:
    """Directions as JSON, as the editor's own are: whose they are, by the hash of the networks'
    SHA256SUMS, and vectors.
    """
    listed = [
        {"name": name, "vector": [round(float(x), 5) for x in step]}
        for name, step in zip(NAMES, steps, strict=True)
    ]
    said = {"safelight_directions": 1, "network": sha256(sums), "size": LATENT}
    return json.dumps(said | {"directions": listed}, indent=1) + "\n"


def tell_again(folder: Path) -> None:
    """Let a folder's directions name its network anew: what the file states has changed."""
    path = folder / "directions.json"
    said = json.loads(path.read_text("utf-8")) | {"network": sha256(folder / "SHA256SUMS")}
    path.write_text(json.dumps(said, indent=1) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--photos", type=Path, nargs="+", required=True, help="folders")
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = Looks().eval()
    load_all_weights(network, given.weights, "network of Change look")
    files, _ = split(given.photos)
    steps = directions(network, [stored(path)[0] for path in files])
    target = PLUGIN / "directions.json"
    target.write_text(told(steps, PLUGIN / "SHA256SUMS"), "utf-8")
    print(f"{target}: {COUNT} directions of {LATENT} numbers")


if __name__ == "__main__":
    main()
