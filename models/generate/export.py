"""Turn a trained generator into the ONNX file that makes pictures, check it, and describe it.

    python -m models.generate.export --surfaces --weights OUT/surfaces/weights.npz
    python -m models.generate.export --out OUT/flowers \
        --weights OUT/small/weights.npz --finer OUT/finer/weights.npz

`flowers.onnx` makes one picture of a code; with a second code, locked parts are as that says. No
plugin has it: it is the example of a generator of pictures of one kind, and `flowers/` says of it
what there is to say.
`surfaces.onnx` makes a surface of a field of cells, always as if it went on at the opposite border:
a piece of a larger one is made with `safelight.margin` cells around it that are thrown away. Beside
it, `surfaces.npz` holds the `codes` (n, KIND) of the textures that were learnt, and the `names` of
the pictures they are from. Pictures are RGB, sRGB-encoded, 0 to 1. Nothing reaches its final place
before ONNX Runtime gives PyTorch's numbers, a lock of nothing changes nothing, what enters rolled
comes out rolled, and pieces equal the whole. How wide a network is says the file of its weights.
`--half FOLDER` also makes a file in half precision there.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from models import cards, complexity, onnxfile, precision
from models.generate.networks import CODE, SMALLEST, Enlarged, Finer, Objects, Sketched
from models.generate.surface_network import CELL, FIELD, KIND, Surfaces
from models.generate.surfaces import Kinds
from models.generate.train import TEXTURES
from models.tiles import Network, state, write_sums
from models.training import load_all_weights, stored_weights

PLUGIN = Path(__file__).parents[2] / "plugins" / "generate" / "safelight_generate"
FLOWERS, SURFACES = "flowers", "surfaces"
HERE = Path(__file__).parent
STATED = {FLOWERS: HERE / "flowers", SURFACES: HERE}  # where the card.toml of each file lies
TILE = 768  # pixels a side of a piece of a surface that suits the memory
CELLS = ((1, 1), (1, 3), (6, 6), (9, 14))  # sizes that the file of surfaces is tried with
ROLLED = (2, 5)  # cells
WHOLE, PIECE = (23, 25), (4, 6)  # cells; of the piece, what is kept of it
VARIETIES = (1.0, 0.5)
EXACT = ("Sin", "Cos", "Gemm")
"""Operators that stay in float32 at half precision, with all that they depend on."""

Given = Mapping[str, np.ndarray]
"""A network's inputs by name, float32."""


class Flower(nn.Module):
    """A picture of a code, parts of it as another code has them."""

    result, free = "image", ({0: torch.export.Dim("codes", min=1, max=2)}, {}, {})

    def __init__(self, objects: Objects | Enlarged):
        super().__init__()
        self.objects = objects

    def forward(self, codes: Tensor, lock: Tensor, variety: Tensor) -> Tensor:
        """`codes` (1 or 2, CODE), `lock` (1, 1, side, side) 0 to 1, `variety` (1,)."""
        return shown(self.objects.locked(codes, lock, variety))


class Surface(nn.Module):
    """A surface without a border: what leaves at one side enters at the other."""

    result = "image"

    def __init__(self, surfaces: Surfaces):
        super().__init__()
        surfaces.wrap(True)
        self.surfaces = surfaces

    @property
    def free(self) -> tuple[dict[int, torch.export.Dim], ...]:
        """Axes of any length of each input."""
        sides = {2: torch.export.Dim("height", min=1), 3: torch.export.Dim("width", min=1)}
        return sides, sides, sides, {}

    def forward(self, field: Tensor, kinds: Tensor, places: Tensor, period: Tensor) -> Tensor:
        """As `Surfaces` has them."""
        return shown(self.surfaces(field, kinds, places, period))


def shown(made: Tensor) -> Tensor:
    """What a network makes, about -1 to 1, as a picture of 0 to 1."""
    return ((made + 1) / 2).clamp(0, 1)


def flower(weights: Path, finer: Path | None = None) -> Flower:
    """The generator of a training's weights, or of two trainings'.

    Raises SystemExit where they are of something else.
    """
    if finer:
        return Flower(enlarged(weights, finer)).eval()
    stored = checked(weights, "blocks.0.scales.0.weight", "flowers")
    widths = channels(stored, "blocks.{}.second.inner.weight")
    objects = Objects(SMALLEST << (len(widths) - 1), widths=widths)
    load_all_weights(objects, weights, "flowers")
    return Flower(objects).eval()


def enlarged(weights: Path, finer: Path) -> Enlarged:
    """What makes small pictures and what makes them finer, of a training's weights each."""
    stored = checked(weights, "flow.head.inner.weight", "small pictures")
    names = ("flow.head", "flow.enter.0", "flow.enter.1")
    widths = [len(stored[f"{name}.inner.weight"]) for name in names]
    sketched = Sketched(round((len(stored["mean"]) / 3) ** 0.5), widths)
    load_all_weights(sketched, weights, "small pictures")
    stored = checked(finer, "blocks.0.1.second.inner.weight", "detail")
    widths = channels(stored, "blocks.{}.1.second.inner.weight")
    detail = Finer(sketched.small, sketched.small << len(widths), widths=widths)
    load_all_weights(detail, finer, "detail")
    return Enlarged(sketched, detail)


def surface(weights: Path) -> tuple[Surface, np.ndarray]:
    """The same of surfaces, and the codes (n, KIND) of the textures."""
    stored = checked(weights, "surfaces.fine.inner.weight", "surfaces")
    widths = channels(stored, "surfaces.blocks.{}.second.inner.weight")
    widths.append(len(stored["surfaces.fine.inner.weight"]))
    vectors = stored.get("surfaces.vectors.inner.weight", ())
    kinds = Kinds(Surfaces(len(vectors) // 2, widths=widths), len(stored["codes"]))
    load_all_weights(kinds, weights, "surfaces")
    with torch.no_grad():
        codes = kinds.kind(torch.arange(len(kinds.codes))).numpy()
    return Surface(kinds.surfaces).eval(), codes


def channels(stored: Mapping[str, np.ndarray], name: str) -> list[int]:
    """What each of numbered layers makes, from 0 on."""
    found = []
    while name.format(len(found)) in stored:
        found.append(len(stored[name.format(len(found))]))
    return found


def checked(weights: Path, name: str, kind: str) -> dict[str, np.ndarray]:
    """The arrays of a file. Raises SystemExit where it lacks one that all of this kind have."""
    stored = stored_weights(weights)
    if name not in stored:
        raise SystemExit(f"{weights} holds no weights of {kind}.")
    return stored


def flower_trials(side: int) -> Iterator[Given]:
    """What the file of flowers is tried with: nothing locked, all, a half, a slope, one code."""
    rng = np.random.default_rng(5)
    half = np.zeros((side, side), np.float32)
    half[:, side // 2 :] = 1
    slope = np.linspace(0, 1, side * side, dtype=np.float32).reshape(side, side)
    for lock in (np.zeros_like(half), np.ones_like(half), half, slope):
        for variety in VARIETIES:
            told = {"lock": lock[None, None], "variety": np.array([variety], np.float32)}
            codes = rng.standard_normal((2, CODE), np.float32)
            yield {"codes": codes[:1], **told}
            yield {"codes": codes, **told}


def cells(height: int, width: int, seed: int, period: tuple[int, int] = (0, 0)) -> Given:
    """Chance for a surface of so many cells: another kind at every one of them."""
    rng = np.random.default_rng(seed)
    return {
        "field": rng.standard_normal((1, FIELD, height, width), np.float32),
        "kinds": rng.standard_normal((1, KIND, height, width), np.float32),
        "places": np.indices((height, width), np.float32)[None],
        "period": np.array([period], np.float32),
    }


def surface_trials() -> Iterator[Given]:
    """What the file of surfaces is tried with: several sizes, that repeat and do not."""
    for n, sides in enumerate(CELLS):
        yield cells(*sides, n, sides)
        yield cells(*sides, n)


def made(network: Network, given: Given) -> np.ndarray:
    """What a file makes: (3, h, w)."""
    return network.session.run([Flower.result], dict(given))[0][0]


def agree(found: np.ndarray, expected: np.ndarray, what: str) -> float:
    """Largest difference. Raises SystemExit, saying `what` it is of, where it is too large."""
    if found.shape != expected.shape:
        raise SystemExit(f"{what}: {found.shape} instead of {expected.shape}.")
    worst = float(np.abs(found - expected).max())
    if not worst <= onnxfile.LARGEST_DIFFERENCE:
        raise SystemExit(f"{what}: off by {worst:.1e}.")
    return worst


@torch.no_grad()
def by_torch(module: nn.Module, given: Given) -> np.ndarray:
    """What PyTorch makes of the same: (3, h, w)."""
    return module(**{name: torch.from_numpy(value) for name, value in given.items()})[0].numpy()


@torch.no_grad()
def check_locks(module: Flower, network: Network) -> dict[str, float]:
    """A lock of nothing gives what training saw, a lock of all what is held."""
    _, given, *_ = flower_trials(module.objects.side)
    usual, held = shown(module.objects(torch.from_numpy(given["codes"]))).numpy()
    everywhere = {**given, "lock": np.ones_like(given["lock"])}
    return {
        "nothing locked": agree(made(network, given), usual, "nothing locked"),
        "all locked": agree(made(network, everywhere), held, "all locked"),
    }


def check_wrap(module: Surface, network: Network) -> dict[str, float]:
    """What enters rolled comes out rolled, and pieces with their margin equal the whole."""
    given = cells(*CELLS[-1], 7, CELLS[-1])
    rolled = {
        name: value if name == "period" else np.roll(value, ROLLED, (2, 3))
        for name, value in given.items()
    }
    expected = np.roll(made(network, given), [CELL * n for n in ROLLED], (1, 2))
    return {
        "rolled": agree(made(network, rolled), expected, "rolled"),
        "pieces": agree(*in_pieces(network, module.surfaces.margin), "pieces"),
    }


def in_pieces(network: Network, margin: int) -> tuple[np.ndarray, np.ndarray]:
    """A piece made with so many cells around it, and the same part of the whole."""
    given = cells(*WHOLE, 8)
    inside = [slice(margin, margin + length) for length in PIECE]
    around = [slice(0, length + 2 * margin) for length in PIECE]
    part = {
        name: value if name == "period" else value[:, :, around[0], around[1]]
        for name, value in given.items()
    }
    pixels = tuple(slice(CELL * one.start, CELL * one.stop) for one in inside)
    return made(network, part)[:, *pixels], made(network, given)[:, *pixels]


def place(
    module: Flower | Surface, name: str, folder: Path, trials: list[Given], said: Mapping[str, str]
) -> str:
    """Write a file, check it, describe it and put it there; a sentence on what was found.

    `said` is what it states beside what is found here: title, version, licence and so on. Raises
    SystemExit where a check fails, and leaves what was there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.onnx"
    partial = target.with_name("partial_" + target.name)
    usual = {key: torch.from_numpy(value) for key, value in trials[-1].items()}
    try:
        onnx.save(onnxfile.translated(module, usual, module.free, module.result), str(partial))
        state(partial, described(module) | said)
        network = Network(partial)
        differences = [
            agree(made(network, given), by_torch(module, given), f"{name}, trial {n}")
            for n, given in enumerate(trials)
        ]
        more = check_locks if isinstance(module, Flower) else check_wrap
        found = {"difference": max(differences)} | more(module, network)
        state(partial, {"difference": f"{found['difference']:.1e}"})
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    write_sums(folder)
    figures = ", ".join(f"{what} {value:.1e}" for what, value in found.items())
    return f"{target.name}: {target.stat().st_size / 1e6:.2f} MB; {figures}"


def place_half(source: Path, folder: Path, trials: list[Given]) -> str:
    """Write a file in half precision too, where it agrees; a sentence on by how much.

    Where waves are, and what a code is mapped to, is told in float32: their small differences
    count. Raises SystemExit, and leaves no file, where it is too far from float32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source.stem}_float16.onnx"
    stored = onnx.load(str(source))
    largest = max(
        float(np.abs(found).max())
        for given in trials
        for found in complexity.inside(stored, dict(given)).values()
        if found.dtype == np.float32 and found.size
    )
    if largest > precision.LARGEST_ACTIVATION:
        raise SystemExit(f"{source.name} reaches {largest:.0f} inside: too much for float16.")
    precision.halved(source, target, EXACT, precision.behind(stored.graph, EXACT))
    plain, half = Network(source), Network(target)
    away = [made(half, given) - made(plain, given) for given in trials]
    difference = max(float(np.abs(one).max()) for one in away)
    psnr = min(-10 * np.log10(np.square(one).mean() + 1e-12) for one in away)
    if psnr < precision.LEAST_AGREEMENT or difference > precision.LARGEST_DIFFERENCE:
        target.unlink()
        raise SystemExit(f"{target.name}: {psnr:.1f} dB, {difference:.4f} from float32: too far.")
    size = target.stat().st_size / 1e6
    return f"{target.name}: {size:.2f} MB; {psnr:.1f} dB, at most {difference:.4f} from float32"


def in_words(name: str) -> dict[str, str]:
    """What card.toml says of a file."""
    words = cards.words(STATED[name])
    titles = dict.fromkeys((words["title"], words["models"][name]["title"]))
    return cards.properties(words, ", ".join(titles))


def described(module: Flower | Surface) -> dict[str, str]:
    """What a file states of its network."""
    stated = {"contract": onnxfile.CONTRACT, "scale": "1", "multiple": "1", "reach": "0"}
    stated |= {"range": "0..1", "layout": "NCHW", "channels": "RGB", "input": "numbers"}
    stated["parameters"] = str(sum(p.numel() for p in module.parameters()))
    if isinstance(module, Surface):
        stated |= {"tile": str(TILE), "margin": str(module.surfaces.margin), "cell": str(CELL)}
    else:
        stated["tile"] = str(module.objects.side)
    return stated


def place_codes(codes: np.ndarray, textures: Path, folder: Path) -> str:
    """Write the codes beside the file of surfaces, with the names of their pictures."""
    with textures.open(newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    if len(names) != len(codes):
        raise SystemExit(f"{textures.name} names {len(names)} textures, {len(codes)} were learnt.")
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"partial_{SURFACES}.npz"
    np.savez(partial, codes=codes.astype(np.float32), names=np.array(names))
    partial.replace(folder / f"{SURFACES}.npz")
    return f"{SURFACES}.npz: the codes of {len(codes)} textures"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="weights.npz of a training")
    parser.add_argument("--finer", type=Path, help="weights.npz of the detail of small pictures")
    parser.add_argument("--surfaces", action="store_true", help="they are of surfaces")
    parser.add_argument("--textures", type=Path, default=TEXTURES, help="the list that was learnt")
    parser.add_argument("--out", type=Path, help="folder for the files; surfaces: the plugin")
    parser.add_argument("--half", type=Path, metavar="FOLDER", help="half precision too, there")
    given = parser.parse_args()
    if not (given.surfaces or given.out):
        parser.error("--out is needed for flowers: no plugin has them")
    out = given.out or PLUGIN
    module: Flower | Surface
    if given.surfaces:
        name, trials = SURFACES, list(surface_trials())
        module, codes = surface(given.weights)
        print(place_codes(codes, given.textures, out))
    else:
        name, module = FLOWERS, flower(given.weights, given.finer)
        trials = list(flower_trials(module.objects.side))
    print(place(module, name, out, trials, in_words(name)))
    if given.half:
        print(place_half(out / f"{name}.onnx", given.half, trials))


if __name__ == "__main__":
    main()
