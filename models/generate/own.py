"""A texture of your own: what is selected of a picture in, a plugin that makes more of it out.

    python -m models.generate.own PICTURE --mask MASK --name "Old brick" --out OUT --minutes 5

MASK is a picture of the same size, white where the texture is; without it all of PICTURE is. Of
several pictures (and as many masks) one network learns all, and the plugin lets choose. Nothing
else is needed: what the network is guided by are features that ship with Style (distilled.py),
unless --features names SqueezeNet's weights. `--general` goes on from the network of many textures.
OUT receives the plugin, a folder that `safelight plugins install` takes, beside what every training
leaves: `weights.npz`, `state.pt`, `log.jsonl` and `samples/`. What is stated of the training data
are the names of the pictures, or what --credit says of them.

What was tried, with ten seconds of one core each (about 160 steps, squares of 64 pixels): Muon at
0.003 left a fur at 2.7 times the distance between two squares of it and Adam at 0.01 at 3.6, on
strokes of paint both came to 1.6; SqueezeNet's features gave strands where ours gave blobs, and
comparing near pixels brought the colours. What minutes give was not measured; the log says it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models import ownplugin
from models.generate import export as exporting
from models.generate import plugin_texts
from models.generate.contest import Stage
from models.generate.own_contest import OwnContest, Settings
from models.generate.selected import Texture, common_side, texture
from models.ownplugin import slug
from models.plugincode import ROOT, editor
from models.tiles import Network
from models.training import Run, options

FEATURES = ROOT / "models" / "style" / "weights" / "features.npz"
LOG_EVERY = 20  # steps
CODES = "codes.npz"  # of the textures, and their names
CATEGORY, SUMMARY = "Generate", "Make more of one texture, with a network that has learnt it."

CARD = """\
# {title}

A surface of any size, by a network that knows {count}: {parameters:,} parameters, {size:.2f} MB. It
looks at {margin} cells of {cell} pixels around each. All it makes is synthesised.

## Training

It learnt from {data}, in {length}.

## Measured

{metrics}.

## Limits

- The features that guided the training judge it too: a small distance says that it was learnt, not
  that it looks right.
- It has no shapes larger than some hundred pixels, and no light that changes across them.
- The licence is the network's. Whether a picture may be used so is for whoever trained it to know.

## Licence

{licence}. SHA-256 of `model.onnx`: `{sha256}`.
"""


def textures(settings: Settings) -> list[Texture]:
    """What is selected of the pictures. Raises SystemExit where something is in the way."""
    pictures = [settings.photos, *settings.more]
    if settings.masks and len(settings.masks) != len(pictures):
        raise SystemExit(
            f"{len(pictures)} pictures have {len(settings.masks)} masks: give one for each."
        )
    masks = settings.masks or [None] * len(pictures)
    return [texture(path, mask) for path, mask in zip(pictures, masks, strict=True)]


def train(settings: Settings) -> list[float]:
    """Train until the minutes are used up; returns the generator's loss of every step."""
    known = textures(settings)
    settings.side = common_side(known, settings.side)
    run = Run(settings, LOG_EVERY)
    (settings.out / "samples").mkdir(exist_ok=True)
    contest = OwnContest(settings, run, known)
    at = Stage(settings.side)
    run.begin()
    for _ in run.parts(contest.measure, at_once=False):
        found = {name: round(value, 4) for name, value in contest.step(at).items()}
        run.done(found.pop("loss"), **found)
    return run.losses


def export(settings: Settings) -> Path:
    """Write OUT/NAME.onnx of OUT/weights.npz, checked. Raises SystemExit where a check fails."""
    surface, codes = exporting.surface(settings.out / "weights.npz")
    name = slug(settings.name)
    said = {
        "title": settings.name,
        "version": "0.1.0",
        "licence": settings.licence,
        "training_data": training_data(settings),
        "metrics": metrics(settings.out / "log.jsonl"),
    }
    print(exporting.place(surface, name, settings.out, list(exporting.surface_trials()), said))
    np.savez(settings.out / CODES, codes=codes, names=np.array(names(settings)))
    return settings.out / f"{name}.onnx"


def names(settings: Settings) -> list[str]:
    """What the textures are called: as the files of the pictures are."""
    return [path.stem for path in (settings.photos, *settings.more)]


def training_data(settings: Settings) -> str:
    """What the network has learnt from, without a path: folders are private."""
    several = "pictures" if settings.more else "picture"
    return settings.credit or f"a part of the {several} {', '.join(names(settings))}"


def metrics(log: Path) -> str:
    """What the last measurement of a log says, in words."""
    last = [row for row in ownplugin.rows(log) if "distance" in row][-1]
    return (
        f"Distance from the texture {last['distance']:.2f} times that of two squares of it, by the "
        f"features that guided the training; two made squares are {last['varies']:.2f} times as "
        "different, pixel by pixel, as two of the texture"
    )


def make(settings: Settings) -> Path:
    """Train, export, and write the plugin into OUT; returns its folder.

    What would stand in the way of the plugin is said before anything is trained. Raises SystemExit,
    with a sentence.
    """
    ownplugin.folder_for(settings.out, settings.name)
    train(settings)
    network = export(settings)
    beside = {CODES: (settings.out / CODES).read_bytes()}
    beside[plugin_texts.FIELD.name] = plugin_texts.FIELD.read_bytes()
    trained = editor("actions").Trained(
        network.read_bytes(), CATEGORY, SUMMARY, plugin_texts.parts(names(settings)), beside
    )
    text = card(settings, network)
    return ownplugin.write(settings.out, settings.name, "generator", trained, text)


def card(settings: Settings, network: Path) -> str:
    """The card that travels with the network."""
    said = Network(network).properties
    count = 1 + len(settings.more)
    return ownplugin.card(
        CARD,
        network,
        settings.out / "log.jsonl",
        count="one texture" if count == 1 else f"{count} textures",
        margin=said["margin"],
        cell=said["cell"],
    )


def main() -> None:
    parser = options(__doc__.splitlines()[0], Settings, photographs=False)
    parser.add_argument("pictures", type=Path, nargs="+", help="a texture each")
    parser.add_argument(
        "--mask", type=Path, nargs="+", default=[], help="white where the texture is, one a picture"
    )
    parser.add_argument("--name", required=True, help="the filter's title, like 'Old brick'")
    parser.add_argument(
        "--features", type=Path, default=FEATURES, help="weights of what textures are compared by"
    )
    parser.add_argument("--general", type=Path, help="weights.npz of many textures, to go on from")
    parser.add_argument("--credit", default="", help="what the pictures are, and whose")
    parser.add_argument("--licence", default=Settings.licence, help="of the network")
    parser.add_argument("--side", type=int, default=Settings.side, help="of squares, pixels")
    parser.add_argument("--width", type=float, default=Settings.width, help="of the network")
    parser.add_argument("--guided", type=float, default=Settings.guided, help="weight of it")
    weight = "weight of colours and of differences between pixels"
    parser.add_argument("--near", type=float, default=Settings.near, help=weight)
    parser.add_argument("--judged", action="store_true", help="by a judge too: for an hour or more")
    given = vars(parser.parse_args())
    first, *more = given.pop("pictures")
    settings = Settings(photos=first, more=tuple(more), masks=tuple(given.pop("mask")), **given)
    made = make(settings)
    command = slug(settings.name).replace("-", "_")
    ownplugin.announce(
        made,
        f"Squares of this texture are in {settings.out / 'samples'}.",
        f"generate {command} --size 1024x1024 texture.png",
    )


if __name__ == "__main__":
    main()
