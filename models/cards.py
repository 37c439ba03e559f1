"""Write a model card from what was stated, measured and logged.

    python -m models.cards models/enlarge --metrics metrics.json [MORE.json ...]

Words come from the folder's card.toml, tables from the JSON that its measure.py wrote, minutes and
steps from the training logs in its `logs/`, sizes, reach and hashes from the ONNX files of the
plugin. No figure is typed by hand, apart from those of earlier runs whose logs are gone: card.toml
says where they are from.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.leak_section import section
from models.tiles import Network, drafts_of, networks_of, sha256

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """One training run. `held_out_psnr` in dB of what is `held_out`, None where it was not noted;
    `source` of figures.
    """

    name: str
    hardware: str
    minutes: float
    steps: int
    held_out_psnr: float | None
    source: str = ""
    held_out: str = "photographs"

    def __str__(self) -> str:
        psnr = self.held_out_psnr
        ended = "" if psnr is None else f", {psnr:.2f} dB on {self.held_out} kept from training"
        source = f" ({self.source})" if self.source else ""
        return (
            f"`{self.name}`: {self.minutes:.0f} minutes, {self.steps:,} steps on "
            f"{self.hardware}{ended}{source}"
        )


def words(folder: Path) -> dict[str, Any]:
    """What card.toml of a model's folder says, sentences on one line each."""
    return _flat(tomllib.loads((folder / "card.toml").read_text()))


def _flat(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return [_flat(item) for item in value]
    if isinstance(value, dict):
        return {key: _flat(item) for key, item in value.items()}
    return value


def training_data(said: dict[str, Any]) -> str:
    """The collections of a card.toml with their licences, as the ONNX files state them."""
    return ", ".join(f"{item['name']} ({item['licence']})" for item in said["data"])


def properties(said: dict[str, Any], title: str) -> dict[str, str]:
    """What the ONNX file of that title states of a card.toml, before it is measured."""
    return {
        "title": title,
        "version": said["version"],
        "licence": said["licence"],
        "training_data": training_data(said),
        "metrics": "not measured",
    }


def options(description: str) -> argparse.ArgumentParser:
    """The options that every measurement has: what becomes of the figures, and of which machine."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the numbers here too, for the card")
    parser.add_argument("--state", action="store_true", help="write the figures into the files")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--hardware", default=f"{cores} CPU cores")
    return parser


def publish(lines: Iterable[str], files: Mapping[str, Any], path: Path | None) -> None:
    """Show the lines that were measured, and write them and each file's numbers for `--metrics`."""
    text = "\n".join(lines).rstrip()
    print(text)
    if path:
        path.write_text(json.dumps({"text": text, "files": files}, indent=1) + "\n")


def read_run(name: str, said: dict[str, Any], logs: Path) -> Run:
    """A run of card.toml: its log in the folder `logs`, or figures whose source it names.

    A log's last line with a step says how long it was; a resumed run goes on counting. Raises
    SystemExit, with a sentence, for a log that is missing or empty.
    """
    if "log" not in said:
        return Run(name, said["hardware"], said["minutes"], said["steps"], None, said["source"])
    log = logs / said["log"]
    if not log.exists():
        raise SystemExit(f"The log {log} of the run {name} is missing.")
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    counted = [row for row in rows if "step" in row]
    if not counted:
        raise SystemExit(f"The log {log} holds no step.")
    psnr = [row["held_out_psnr"] for row in rows if "held_out_psnr" in row]
    last = counted[-1]
    return Run(
        name,
        said["hardware"],
        last["seconds"] / 60,
        last["step"],
        psnr[-1] if psnr else None,
        held_out=said.get("held_out", "photographs"),
    )


def histories(folder: Path, said: dict[str, Any]) -> dict[str, list[Run]]:
    """The runs behind each shipped file, in order: each started from the one before."""
    runs = {name: read_run(name, run, folder / "logs") for name, run in said["runs"].items()}
    return {name: [runs[run] for run in chain] for name, chain in said["files"].items()}


def card(folder: Path, plugin: Path, metrics: dict[str, Any]) -> str:
    """The whole card of a model's folder as Markdown; `plugin` holds the ONNX files.

    Raises SystemExit, with a sentence, when card.toml names other files than are there, or when a
    file is not the one that was measured.
    """
    said = words(folder)
    paths = networks_of(plugin)
    chains = histories(folder, said)
    if {path.stem for path in paths} != set(chains):
        raise SystemExit(
            f"card.toml tells of {', '.join(sorted(chains))}, the plugin holds "
            f"{', '.join(path.stem for path in paths)}."
        )
    for path in paths:
        if metrics["files"].get(path.stem, {}).get("sha256") != sha256(path):
            raise SystemExit(f"{path.name} is not the file that was measured: measure again.")
    parts = [
        [f"# {said['title']}", f"Version {said['version']}. {said['intended_use']}"],
        ["## Networks", *networks(said), "\n".join(files_table(paths))],
        ["## Measured", metrics["text"]],
        *drafts(folder, plugin),
        ["## Training", *training(said, chains)],
        ["## Training data", "\n".join(data_lines(said)), said["data_note"]],
        *photographs(said, plugin),
        *leaks(folder),
        ["## Limits", "\n".join(f"- {limit}" for limit in said["limits"])],
        ["## Licence", said["licence"]],
        [f"How these files were made, and how to make your own: `{_place(folder)}`."],
    ]
    return "\n\n".join("\n\n".join(part) for part in parts) + "\n"


def _place(folder: Path) -> str:
    """Where a model's folder lies in the repository."""
    place = folder.resolve()
    inside = place.is_relative_to(ROOT)
    return place.relative_to(ROOT).as_posix() if inside else f"models/{place.name}"


def joined(metrics: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What was measured in several calls as if it were one: the later of two counts for a file."""
    parts = list(metrics)
    files = {name: figures for part in parts for name, figures in part["files"].items()}
    return {"text": "\n\n".join(part["text"] for part in parts), "files": files}


def networks(said: dict[str, Any]) -> list[str]:
    """One paragraph on each network that a file is of: files are called MODEL_..."""
    shipped = {file.split("_")[0] for file in said["files"]}
    return [
        f"**{item['title']}**: {item['network']}"
        for name, item in said["models"].items()
        if name in shipped
    ]


def files_table(paths: list[Path]) -> list[str]:
    """What the ONNX files state of themselves, with their hashes.

    No seam where a plugin lays windows of its own, and fades them into each other.
    """
    lines = [
        "| file | MB | parameters | tile + reach, pixels | largest seam, of the range | SHA-256 |",
        "|---|---|---|---|---|---|",
    ]
    for path in paths:
        stated = Network(path).properties
        lines.append(
            f"| `{path.name}` | {path.stat().st_size / 1e6:.2f} | {int(stated['parameters']):,} | "
            f"{stated['tile']} + {stated['reach']} | {stated.get('seam', '–')} | `{sha256(path)}` |"
        )
    return lines


def training(said: dict[str, Any], chains: dict[str, list[Run]]) -> list[str]:
    """How each file was trained, with the minutes of every run before the last counted in."""
    runs = {run.name: run for chain in chains.values() for run in chain}
    lines = [f"- {run}." for run in runs.values()]
    totals = [
        f"- `{name}`: {' → '.join(f'`{run.name}`' for run in chain)}, "
        f"{sum(run.minutes for run in chain):.0f} minutes in all"
        if chain
        else f"- `{name}`: no run of its own"
        for name, chain in chains.items()
    ]
    return [said["training"], "\n".join(lines), "\n".join(totals)]


def data_lines(said: dict[str, Any]) -> list[str]:
    """The collections with their licences, and whom each asks to be named."""
    return [
        f"- {item['name']}, {item['licence']}"
        + (f". {item['credit']}" if item.get("credit") else "")
        for item in said["data"]
    ]


def photographs(said: dict[str, Any], plugin: Path) -> list[list[str]]:
    """The section on real photographs, where their contact sheet lies beside the files or card.toml
    has others to be shown.
    """
    found = []
    if (plugin / "photographs.jpg").exists():
        found = [said["photographs"], "![Crops](photographs.jpg)"]
    for item in said.get("shown", []):
        found += [item["words"], f"![{item['title']}]({item['file']})"]
    return [["## On real photographs", *found]] if found else []


def drafts(folder: Path, plugin: Path) -> list[list[str]]:
    """The section on drafts for previews, where models/compress.py has measured some.

    Raises SystemExit, with a sentence, for a draft that is not the one that was measured.
    """
    paths, file = drafts_of(plugin), folder / "drafts.json"
    if not paths:
        return []
    known = json.loads(file.read_text()) if file.exists() else {}
    lines = [
        "| file | MB | of the time | dB lost | PSNR, dB | dB to the network | dB to PyTorch |"
        " seam | SHA-256 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for path in paths:
        found = known.get(path.name, {})
        if found.get("sha256") != sha256(path):
            raise SystemExit(f"{path.name} is not the draft that was measured: measure again.")
        lines.append(
            f"| `{path.name}` | {path.stat().st_size / 1e6:.2f} | {found['time']:.2f} |"
            f" {found['lost']:+.2f} | {found['psnr']:.2f} | {found['agreement']:.1f} |"
            f" {found['parity']:.1f} | {found['seam']:.1e} | `{found['sha256']}` |"
        )
    count = max(found["photographs"] for found in known.values())
    words = (
        "While a setting moves, previews run a draft of the network, in eight bits with ReLU,"
        " taught to give what the network gives; what is kept and exported never does. On"
        f" {count} photographs kept from training, 256 pixels a side, and in processor time beside"
        " the network's own, in turn, medians (`models/compress.py`):"
    )
    return [["## Drafts for previews", words, "\n".join(lines)]]


def leaks(folder: Path) -> list[list[str]]:
    """The section on training-data leak, where models/leak.py has measured the folder's files."""
    file = folder / "leak.json"
    return [[section(json.loads(file.read_text()))]] if file.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the model, models/NAME")
    parser.add_argument(
        "--metrics", type=Path, nargs="+", required=True, help="JSON written by measure"
    )
    parser.add_argument("--plugin", type=Path, help="folder of the ONNX files, of the card too")
    given = parser.parse_args()
    name = given.folder.resolve().name
    plugin = given.plugin or ROOT / "plugins" / name / f"safelight_{name}"
    text = card(
        given.folder, plugin, joined(json.loads(path.read_text()) for path in given.metrics)
    )
    (plugin / "card.md").write_text(text)
    print(f"{plugin / 'card.md'}: {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
