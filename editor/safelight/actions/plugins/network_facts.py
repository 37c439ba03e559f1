"""Network facts: the networks in a folder, and what a confined worker says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from safelight.actions.plugins.plugin_archive import sha256
from safelight.actions.plugins.plugin_store import Network
from safelight.actions.plugins.signatures import signer
from safelight.workers.locked_network import locked_with
from safelight.workers.wire.messages import NetworksRead, ReadNetworks
from safelight.workers.wire.replies import visible

_SAID = ("licence", "training_data", "fault")
"""What a worker says of a network file."""


def networks_in(library: Path) -> Iterable[Network]:
    """The networks below a folder. Raises StoreError for one whose signature is wrong."""
    for file in sorted(library.rglob("*.onnx")):
        name = file.relative_to(library).as_posix()
        signed, locked = signer(file), locked_with(file)
        yield Network(name, file.stat().st_size, sha256(file), key=signed, locked=locked)


def question_about(files: Iterable[Path]) -> ReadNetworks:
    """What a worker is asked so that it reads network files; ``with_facts`` takes its answer."""
    return ReadNetworks(files=tuple(str(file) for file in files))


def with_facts(networks: Sequence[Network], answer: NetworksRead) -> tuple[Network, ...]:
    """Networks with what a worker says of them; one that says too much is not believed."""
    if len(answer.facts) != len(networks):
        return tuple(networks)
    found = []
    for item, said in zip(networks, answer.facts, strict=True):
        licence, data, fault = (visible(said.get(key, "")) for key in _SAID)
        found.append(replace(item, licence=licence, training_data=data, fault=fault))
    return tuple(found)
