"""Networks as PyTorch exports them are understood, asked about or refused; no guess is "probed"."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.attack import FULL, times
from tests.models.foreign_networks import networks

sys.path.append(str(Path(__file__).parents[2] / "editor"))

from safelight.api.testing import photograph
from safelight.workers.far.inference import Inference
from safelight.workers.far.network_contract import ModelError
from safelight.workers.far.probe.probe_network import probe
from safelight.workers.onnx_file import OnnxError, described, read_onnx

SAMPLE = (
    *("crops_3_x2", "subject_at_half", "warmed_BGR_0..255", "number_int64", "three_pictures"),
    *("hole_in_bytes", "hole_is_0_at_one_size", "mixed", "style_first"),
)

pytestmark = pytest.mark.attack


@pytest.fixture
def probed(tmp_path):
    def run(content):
        path = tmp_path / "foreign.onnx"
        path.write_bytes(content)
        trial = Inference().trial(path)

        def feed(feeds):
            try:
                return trial.run(feeds)
            except ModelError as error:
                raise OnnxError(f"{error}.") from None

        found = probe(read_onnx(path), path.name, feed, {})
        named = {f"safelight.{key}": text for key, text in found.properties.items()}
        whole = tmp_path / "whole.onnx"
        whole.write_bytes(described(path, {"safelight.contract": "1"} | named))
        return found, whole

    return run


def test_there_are_eighty_of_every_outcome():
    found = networks()
    assert len(found) >= 77
    assert {item.outcome for item in found.values()} == {"right", "asked", "refused"}
    assert set(SAMPLE) <= set(found)


@pytest.mark.parametrize("name", times(tuple(networks()), SAMPLE))
def test_a_foreign_network(name, probed):
    foreign = networks()[name]
    content = foreign.export()
    if foreign.outcome == "refused":
        with pytest.raises(OnnxError) as caught:
            probed(content)
        assert re.search(foreign.reason, str(caught.value))
        return
    found, whole = probed(content)
    for key, value in foreign.truth.items():
        answer, how = found.properties.get(key), found.how.get(key)
        if answer != value:
            # A guess may be wrong where it is called one, and the truth is there to choose.
            assert how in ("asked", "assumed"), (key, answer, how)
            assert foreign.outcome == "asked", (key, answer, how)
    assert set(foreign.asks) <= set(found.asks), found.how
    for key, values in found.asks.items():
        assert foreign.truth.get(key, values[0]) in values
    if foreign.outcome == "right":
        assert not set(found.asks) & set(foreign.truth), found.asks
    numbers = {key: np.ones((1,) * rank) for key, rank in found.extras.items()}
    further = Inference().contract(whole).further
    given = {further.mask: np.eye(53, 75, dtype=np.float32), further.guide: photograph(75, 53)}
    numbers |= {key: given[key] for key in further.names}
    made = Inference().run(whole, photograph(75, 53), numbers, "cpu")
    scale = int(found.properties["scale"])
    assert made.shape == (53 * scale, 75 * scale, 3)
    assert np.isfinite(made).all()


if FULL:

    def test_the_table_is_told(probed, capsys):
        counts = {}
        for item in networks().values():
            counts[item.outcome] = counts.get(item.outcome, 0) + 1
        with capsys.disabled():
            sys.stdout.write(f"\nforeign networks: {counts}\n")
