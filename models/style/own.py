"""A style of your own: one painting in, a plugin with a small network for it out.

    python -m models.style.own PAINTING --photos FOLDER --name "Night sky" --out OUT --minutes 5

Nothing else is needed: what it is judged by in training are features that ship with the general
network (distilled.py), unless --features names SqueezeNet's weights. It goes on from the general
network with the painting folded into it (see single.py), so a few minutes of a processor are
enough. OUT receives the plugin, a folder that `safelight plugins install` takes, beside what every
training leaves: `weights.npz`, `state.pt`, `log.jsonl` and `samples/`. What is stated of the
training data is the name of the painting, or what --credit says of it, and that of the folder of
photographs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import IterableDataset, get_worker_info

from models import onnxfile, ownplugin, training
from models.degradation import levels as eight_bit
from models.muon import Muon
from models.ownplugin import slug
from models.pictures import SUFFIXES, Pictures, is_held_out
from models.plugincode import ROOT, editor
from models.style import objective
from models.style.network import Stylizer
from models.style.single import Single, folded
from models.style.train import ROUGHNESS, centre, roughness
from models.tiles import Network
from models.training import Run, load_all_weights, options, planes

GENERAL = ROOT / "plugins" / "style" / "safelight_style" / "fast.onnx"
FEATURES = ROOT / "models" / "style" / "weights" / "features.npz"
AVERAGING = 0.99  # of the weights, over steps
CONTENT = 0.5  # weight of the content loss: at 1 a few minutes give hardly more than a tint
LOG_EVERY = 20  # steps
MOST_PHOTOGRAPHS = 150  # taken from the folder, evenly; more would only take longer to read
SHORTER_SIDE = 384  # pixels, to which photographs are reduced: seen whole, as on a screen
TYPICAL = 32  # crops whose mean statistics stand for those of any photograph
HELD_OUT = 8  # photographs that are measured
HELD_OUT_SIDE = 192
SAMPLES = 4
TILE = 512  # pixels of the pieces that suit it
SUMMARY = "Paint the photograph in one style, with a network that has learnt it."

CARD = """\
# {title}

A photograph in one style, by a network that knows no other: {parameters:,} parameters,
{size:.2f} MB. It looks at {reach} pixels around each.

## Training

It learnt from {data}, in {length}.

## Measured

{metrics}. Both are distances of the features that it was trained with, 0 where equal.

## Limits

- Its strokes have a size in pixels: the larger the picture, the finer they look.
- The licence is the network's. Whether a painting may be used so is for whoever trained it to know.

## Licence

{licence}. SHA-256 of `model.onnx`: `{sha256}`.
"""


@dataclass(kw_only=True)
class Settings(training.Settings):
    """One training run. The defaults suit one core and a few minutes."""

    painting: Path
    features: Path
    name: str
    general: Path | None = None
    credit: str = ""
    licence: str = "Apache-2.0"
    minutes: float = 5.0
    batch: int = 2
    patch: int = 192  # pixels, a multiple of 8
    side: int = 256  # pixels of the painting's shorter side, a multiple of 8
    content: float = CONTENT
    cache: Path | None = None
    measure_every: float = 60.0  # seconds


class Photographs(Pictures):
    """Some photographs of a folder, reduced: a folder of camera files would fill a disk."""

    def __init__(self, folder: Path):
        files = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in SUFFIXES)
        if not files:
            raise SystemExit(f"No pictures in {folder}: give a folder of photographs.")
        files = files[:: -(-len(files) // MOST_PHOTOGRAPHS)]
        pictures = {path.name: reduced(path, SHORTER_SIDE) for path in files}
        self.scale = 1
        self.held_out = [(p, p) for name, p in pictures.items() if is_held_out(name)]
        self.train = [(p, p) for name, p in pictures.items() if not is_held_out(name)]
        self.train = self.train or self.held_out  # a very small folder


def reduced(path: Path, shorter: int) -> np.ndarray:
    """A picture file with at most `shorter` pixels on its shorter side, (h, w, 3) uint8 sRGB."""
    with Image.open(path) as picture:
        picture.draft("RGB", (2 * shorter, 2 * shorter))  # a JPEG is decoded smaller at once
        share = min(1.0, shorter / min(picture.size))
        size = tuple(max(1, round(share * length)) for length in picture.size)
        return np.array(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))


def on_the_grid(picture: np.ndarray) -> Tensor:
    """The middle of a picture, sides multiples of 8, as (1, 3, h, w) in 0 to 1."""
    height, width = (8 * (length // 8) for length in picture.shape[:2])
    y, x = ((length % 8) // 2 for length in picture.shape[:2])
    return planes(picture[None, y : y + height, x : x + width]).float() / 255


class Examples(IterableDataset):
    """Endless batches of photographs, other ones in every process: (n, 3, h, w) uint8."""

    def __init__(self, pictures: Pictures, settings: Settings, seed: tuple[int, ...]):
        self.pictures, self.settings, self.seed = pictures, settings, seed

    def __iter__(self) -> Iterator[Tensor]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self.seed, worker.id if worker else 0])
        while True:
            yield planes(self.pictures.sample(rng, self.settings.batch, self.settings.patch)[0])


@torch.no_grad()
def beginning(settings: Settings, pictures: Pictures, painting: Tensor) -> Single:
    """The network before training: the general one for this painting, or an untrained one."""
    if settings.general is None:
        return Single()
    if not settings.general.exists():
        raise SystemExit(
            f"There is no {settings.general.name}: "
            "give the general network's weights with --general."
        )
    general = Stylizer("fast").eval()
    load_all_weights(general, settings.general, "the fast network")
    crops = pictures.sample(np.random.default_rng(settings.seed), TYPICAL, settings.patch)[0]
    known = [general.describe(planes(crop[None]).float() / 255)[0] for crop in crops]
    return folded(general, torch.stack(known).mean(0), general.describe(painting)[0])


class HeldOut:
    """Photographs that are kept from training: measured, and a few shown."""

    def __init__(self, pictures: Pictures):
        squares = [centre(picture, HELD_OUT_SIDE) for picture, _ in pictures.held_out]
        self.photographs = [
            planes(square[None].copy()).float() / 255 for square in squares[:HELD_OUT]
        ]

    @torch.no_grad()
    def measure(
        self,
        network: nn.Module,
        compared: nn.Module,
        wanted: list[objective.Moments],
        folder: Path,
    ) -> dict[str, float]:
        """Content and style losses, and the style losses of the photographs as they are."""
        rows = []
        for n, photograph in enumerate(self.photographs):
            photograph = photograph.to(wanted[0].mean.device)
            result = network(photograph).clamp(0, 1)
            answers, its = (objective.by_layer(compared, part) for part in (result, photograph))
            found = objective.losses(answers, its, wanted)
            rows.append([*found, objective.style_loss(its, wanted)])
            if n < SAMPLES:
                for name, tensor in (("input", photograph), ("result", result)):
                    pixels = eight_bit(tensor[0].permute(1, 2, 0).cpu().numpy())
                    Image.fromarray(pixels).save(folder / f"{n}_{name}.png")
        means = torch.tensor(rows).mean(0).tolist()
        names = ("held_out_content", "held_out_style", "photograph_style")
        return {name: round(value, 4) for name, value in zip(names, means, strict=True)}


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the loss of every step of this call."""
    run = Run(settings, LOG_EVERY)
    devices = run.devices
    samples = settings.out / "samples"
    samples.mkdir(exist_ok=True)
    pictures = Photographs(settings.photos)
    held_out = HeldOut(pictures)
    painting = on_the_grid(reduced(settings.painting, settings.side))
    examples = run.batches(Examples(pictures, settings, run.seed))
    network = run.network(beginning(settings, pictures, painting), AVERAGING, Muon)
    compared = objective.features(settings.features).to(devices.device)
    compared = compared.to(memory_format=torch.channels_last)
    with torch.no_grad():
        wanted = objective.styles(objective.by_layer(compared, painting.to(devices.device)))

    def measure(averaged: nn.Module) -> dict[str, float]:
        if not held_out.photographs:
            return {}
        return held_out.measure(averaged, compared, wanted, samples)

    run.begin()
    for _ in run.parts(measure):
        photographs = next(examples).float() / 255
        with torch.no_grad(), devices.autocast():
            its = objective.by_layer(compared, photographs)
        result = network(photographs).float()
        with devices.autocast():
            content, style = objective.losses(objective.by_layer(compared, result), its, wanted)
        content, style = content.mean(), style.mean()
        loss = settings.content * content + style + ROUGHNESS * roughness(result, photographs)
        run.learn(loss)
        noted = {"content": content, "style": style}
        noted = {name: round(float(value.detach()), 4) for name, value in noted.items()}
        run.done(float(loss.detach()), **noted)
    return run.losses


def export(settings: Settings) -> onnxfile.Report:
    """Write OUT/NAME.onnx of OUT/weights.npz, checked. Raises SystemExit where a check fails."""
    network = Single()
    load_all_weights(network, settings.out / "weights.npz", "a style of its own")
    return onnxfile.export(
        network,
        settings.out / f"{slug(settings.name)}.onnx",
        {
            "title": settings.name,
            "version": "0.1.0",
            "licence": settings.licence,
            "training_data": training_data(settings),
            "metrics": metrics(settings.out / "log.jsonl"),
            "tile": str(TILE),
        },
        multiple=network.multiple,
        reach=network.reach,
    )


def training_data(settings: Settings) -> str:
    """What the network has learnt from, without a path: folders are private."""
    painting = settings.credit or f"the picture {settings.painting.stem}"
    return f"{painting}; photographs of the folder {settings.photos.resolve().name}"


def metrics(log: Path) -> str:
    """What the last measurement of a log says, in words."""
    measured = [row for row in ownplugin.rows(log) if "held_out_style" in row]
    if not measured:
        return "Not measured: the folder has no photograph to keep from training"
    last = measured[-1]
    return (
        f"Style loss {last['held_out_style']:.2f} (of the photographs as they are "
        f"{last['photograph_style']:.2f}), content loss {last['held_out_content']:.2f}, on "
        "photographs kept from training"
    )


def make(settings: Settings) -> Path:
    """Train, export, and write the plugin into OUT; returns its folder.

    What would stand in the way of the plugin is said before anything is trained. Raises SystemExit,
    with a sentence.
    """
    ownplugin.folder_for(settings.out, settings.name)
    train(settings)
    report = export(settings)
    print(report)
    trained = editor("actions").Trained(report.path.read_bytes(), "Style", SUMMARY)
    text = card(settings, report.path)
    return ownplugin.write(settings.out, settings.name, "neural", trained, text)


def card(settings: Settings, network: Path) -> str:
    """The card that travels with the network."""
    reach = Network(network).properties["reach"]
    return ownplugin.card(CARD, network, settings.out / "log.jsonl", reach=reach)


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings)
    parser.add_argument("painting", type=Path, help="the picture whose style it is")
    parser.add_argument(
        "--features", type=Path, default=FEATURES, help="weights of what styles are compared by"
    )
    parser.add_argument("--name", required=True, help="the filter's title, like 'Night sky'")
    parser.add_argument(
        "--general", type=Path, default=GENERAL, help="network of size fast, to go on from"
    )
    parser.add_argument("--credit", default="", help="what the painting is, and whose")
    parser.add_argument("--licence", default=Settings.licence, help="of the network")
    parser.add_argument("--side", type=int, default=Settings.side, help="of the painting, pixels")
    parser.add_argument("--content", type=float, default=Settings.content, help="weight of it")
    settings = Settings(**vars(parser.parse_args()))
    made = make(settings)
    filter_name = slug(settings.name).replace("-", "_")
    ownplugin.announce(
        made,
        f"Photographs in this style are in {settings.out / 'samples'}.",
        f"apply {filter_name} photo.jpg painted.jpg",
    )


if __name__ == "__main__":
    main()
