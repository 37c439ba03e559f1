"""What chance and malice make of a file opens or is refused, in bounded time and memory.

A sample: ``make attack`` opens 20,000 of them, by ``python -m tests.files.mutations``.
"""

from __future__ import annotations

import sys

import numpy as np
import pytest

from safelight.files import OpenError
from tests.files.mutations import Attack, mutation
from tests.files.seeds import SEEDS
from tests.files.structures import KINDS, structures

NAMES = [*SEEDS, "look.cube"]
EACH = 6
"""Mutations of each seed; those of further numbers come in an attack."""

KEPT = 4
"""One structure of so many; an attack has all."""


@pytest.fixture
def attack(tmp_path):
    return Attack(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_mutation_opens_or_is_refused_in_a_sentence_in_bounded_time_and_memory(attack, name):
    outcome = attack.on(name, range(EACH))
    assert not outcome.faults
    assert (outcome.opened + outcome.refused, outcome.died) == (EACH, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_structure_opens_or_is_refused_in_a_sentence_in_bounded_time_and_memory(attack, kind):
    names = list(structures(kind))[::KEPT]
    outcome = attack.on_structures(kind, names)
    assert not outcome.faults
    assert (outcome.opened + outcome.refused, outcome.died) == (len(names), 0)


def test_a_mutation_is_the_same_at_every_call_and_another_one_for_every_number():
    made = [mutation("described.png", number) for number in range(40)]
    assert made == [mutation("described.png", number) for number in range(40)]
    assert len({data for _, data in made}) > 35


def test_what_is_no_sentence_and_what_fails_otherwise_is_a_fault(attack, monkeypatch):
    """The driver itself can tell: a test that cannot fail is no test."""

    def fails(error):
        monkeypatch.setattr(attack, "_notes", lambda path: (_ for _ in ()).throw(error))
        return attack.on("bmp", [0]).faults

    assert "no sentence: Oops" in fails(OpenError("Oops"))[0]
    assert "IndexError" in fails(IndexError("at 7"))[0]
    assert not fails(OpenError("picture.bmp is damaged."))
    monkeypatch.setattr("tests.files.mutations.MEMORY", 1 << 20)
    taken = []

    def takes(path):
        taken.append(np.ones(3 << 17))  # 3 MB
        raise OpenError("picture.bmp is damaged.")

    monkeypatch.setattr(attack, "_notes", takes)
    assert "MB" in attack.on("bmp", [0]).faults[0]


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else tells the peak")
def test_what_a_process_had_before_is_no_picture_s(tmp_path, monkeypatch):
    had = np.ones(160 << 17)  # 160 MB
    attack = Attack(tmp_path)
    monkeypatch.setattr(attack, "_notes", lambda path: ())
    assert attack.on("bmp", [0]).editor < had.nbytes / 4

    def takes(path):
        return () if np.ones(80 << 17).all() else ("No.",)

    monkeypatch.setattr(attack, "_notes", takes)
    assert attack.on("bmp", [0]).editor > 70 << 20
