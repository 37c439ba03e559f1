"""Tears: the network that tells a tear from other even parts of a picture."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models.repair import train_tears  # noqa: E402


def test_what_is_learnt_tells_parts_apart_by_what_is_seen_of_them():
    rng = np.random.default_rng(0)
    tear = rng.random(400) < 0.3
    seen = rng.normal(0, 1, (400, 5)).astype(np.float32)
    seen[:, 2] += 4 * tear
    likely = train_tears.tears.likelihood(seen, train_tears.learnt(seen, tear))
    assert likely[tear].mean() > 0.9 > 0.1 > likely[~tear].mean()
