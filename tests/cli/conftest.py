"""Commands that need workers share them."""

import pytest


@pytest.fixture(autouse=True)
def _workers_are_kept(spare, monkeypatch):
    spare.take_part(monkeypatch)
