"""What a model card says of the test of membership in models/leak.py, as Markdown."""

from __future__ import annotations

from typing import Any

HEADING = "## Does it tell what it was trained with?"


def section(found: dict[str, Any]) -> str:
    """What a card says of the figures in a leak.json, as Markdown."""
    lines = [
        HEADING,
        "",
        f"{found['count']} pictures it was trained with and {found['count']} kept from training,"
        f" the middle {found['side']} x {found['side']} pixels of each,"
        f" {found.get('how', 'damaged alike')} (`models/leak.py`).",
        "",
        "| file | told apart (0.5 = chance) | gain on trained / kept, dB | nearness (1 = none) |",
        "|---|---|---|---|",
    ]
    for name, item in sorted(found["files"].items()):
        lines.append(
            f"| `{name}.onnx` | {item['told_apart']:.2f} ± {2 * item['standard_error']:.2f} |"
            f" {item['gain_trained_db']:+.2f} / {item['gain_kept_db']:+.2f} |"
            f" {item['nearness']:.2f} |"
        )
    lines += [
        "",
        "*Told apart* is how often a picture trained with gains more than one kept, ± two standard"
        " errors: whoever has the file and a picture could so guess whether it was used. *Nearness*"
        " compares results with the nearest picture trained with and the nearest kept. It is a weak"
        " test here: what such a network makes follows what it is given, so results near their own"
        " input say nothing. Pictures of both kinds differ in what they show, which moves both"
        " figures. A stronger attack, with networks trained without a picture to compare with, was"
        " not tried: these figures are no proof that nothing can be found out.",
    ]
    return "\n".join(lines)


def with_section(card: str, text: str) -> str:
    """A card with that section before its limits, in place of an earlier one."""
    if HEADING in card:
        before, _, after = card.partition(HEADING)
        return f"{before}{text}\n\n## {after.split(chr(10) + '## ', 1)[1]}"
    before, mark, after = card.partition("## Limits")
    return f"{before}{text}\n\n{mark}{after}"
