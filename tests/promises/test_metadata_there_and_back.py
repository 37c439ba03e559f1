"""Nothing of a photograph's metadata is lost on the way into a format that holds metadata."""

from __future__ import annotations

import shutil

import pytest

from tests.promises.metadata_there_and_back import ALL, lost


def test_every_fact_survives_the_way_into_every_format_that_holds_metadata(tmp_path):
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    table = lost(tmp_path, ALL)
    assert len(table) >= 4 * 8
    assert {pair: facts for pair, facts in table.items() if facts} == {}
