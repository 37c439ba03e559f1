"""Credential actions: the steps of a document as the actions that a manifest of C2PA records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from safelight.document import Document, Record
from safelight.document.placement import IDENTITY
from safelight.files.provenance.provenance import TERMS
from safelight.files.provenance.provenance_history import Part, parts_of

_BY_COMMAND = {
    **{"crop": "c2pa.cropped", "resize": "c2pa.resized", "scale": "c2pa.resized"},
    **{"flip": "c2pa.orientation", "turn": "c2pa.orientation", "place": "c2pa.placed"},
}


def actions_of(
    document: Document, steps: Sequence[Record] = (), *, resized: bool = False
) -> Iterator[dict[str, Any]]:
    """The actions (C2PA 18.15) that led to what a document shows: its ``steps``, as far as they are
    known, and each filter that takes part, with the hashes of its networks.
    """
    left: dict[str, list[Part]] = {}
    for part in parts_of(document):
        left.setdefault(part.id, []).append(part)
    commands = set()
    for step in steps:
        if step.kind == "filter":
            found = left.get(step.id)
            yield _filtered(found.pop(0)) if found else _edited("c2pa.filtered", step.id)
        else:
            commands.add(step.id)
            yield _edited(_BY_COMMAND.get(step.id, "c2pa.edited"), step.id)
    for parts in left.values():
        yield from map(_filtered, parts)
    if document.frame != IDENTITY and "crop" not in commands:
        yield _edited("c2pa.cropped", "crop")
    if resized:
        yield _edited("c2pa.resized", "export")


def _edited(action: str, id: str) -> dict[str, Any]:
    return {"action": action, "parameters": {"com.safelight.step": id}}


def _filtered(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"com.safelight.step": part.id, "com.safelight.plugin": part.by}
    told |= {"com.safelight.networks": dict(part.models)} if part.models else {}
    made = {
        "action": "c2pa.edited" if part.made else "c2pa.filtered",
        "description": part.title,
        "parameters": told,
    }
    return made | ({"digitalSourceType": TERMS["partly"]} if part.made else {})
