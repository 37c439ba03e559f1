"""A texture of your own: what is selected of a picture in, a plugin that makes more of it out.

    python -m models.generate.own PICTURE --mask MASK --name "Old brick" --out OUT --minutes 5

MASK is a picture of the same size, white where the texture is; without it all of PICTURE is. Of
several pictures (and as many masks) one network learns all, and the plugin lets choose. Nothing
else is needed: what the network is guided by are features that ship with Style (distilled.py),
unless --features names SqueezeNet's weights. `--init` goes on from the general network's weights.
OUT receives the plugin, a folder that `safelight plugins install` takes, beside what every training
leaves: `weights.npz`, `state.pt`, `log.jsonl` and `samples/`. What is stated of the training data
are the names of the pictures, or what --credit says of them.
"""

from __future__ import annotations

from models.generate.contest import Stage
from models.generate.own_contest import OwnContest, Settings
from models.generate.selected import LEAST, Texture, common_side, texture
from models.plugincode import ROOT
from models.training import Run, options

FEATURES = ROOT / "models" / "style" / "weights" / "features.npz"
LOG_EVERY = 20  # steps


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
    parser.add_argument("--credit", default="", help="what the pictures are, and whose")
    parser.add_argument("--licence", default=Settings.licence, help="of the network")
    parser.add_argument("--side", type=int, default=Settings.side, help="of squares, pixels")
    parser.add_argument("--width", type=float, default=Settings.width, help="of the network")
    parser.add_argument("--guided", type=float, default=Settings.guided, help="weight of it")
    parser.add_argument("--judged", action="store_true", help="by a judge too: for an hour or more")
    given = vars(parser.parse_args())
    first, *more = given.pop("pictures")
    settings = Settings(photos=first, more=tuple(more), masks=tuple(given.pop("mask")), **given)
    made = make(settings)
    command = slug(settings.name).replace("-", "_")
    print(
        f"Written: {made}\n"
        f"Squares of this texture are in {settings.out / 'samples'}. Next:\n"
        f"  safelight plugins check {made}\n"
        f"  safelight plugins install {made}\n"
        f"  safelight generate {command} --size 1024x1024 texture.png"
    )


if __name__ == "__main__":
    main()
