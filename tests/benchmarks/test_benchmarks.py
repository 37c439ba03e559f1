"""The benchmarks still measure something: two sides and a ratio. How large it is, is not asked."""

import json
import math
import subprocess

import pytest

from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.pairs import Row, Skipped, table
from tests.benchmarks.talk import Program


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_yields_both_sides_and_a_ratio(name):
    module = BENCHMARKS[name]
    pairs = module.PAIRS["tiny"]
    try:
        rows = module.measure(pairs, "tiny")
    except Skipped as reason:
        pytest.skip(str(reason))
    assert rows
    for row in rows:
        # Once is enough for a size in bytes: it is the same each time.
        assert len(row.ours) == len(row.reference) in (1, pairs)
        assert all(figure > 0 and math.isfinite(figure) for figure in (*row.ours, *row.reference))
        assert math.isfinite(row.ratio)
        assert row.name in table([row])


def test_a_rate_is_met_from_above_and_a_cost_from_below():
    cost = Row("cost", "s", [1, 2, 3], [4, 4, 4], goal=0.5)
    rate = Row("rate", "s", [1, 2, 3], [4, 4, 4], goal=2.5, rate=True)
    assert (cost.ratio, cost.met) == (0.5, True)
    assert (rate.ratio, rate.met) == (2.0, False)


def test_the_figures_can_be_had_as_json(tmp_path, capsys):
    target = tmp_path / "figures.json"
    assert main(["undo", "--quick", "--pairs", "1", "--json", str(target)]) == 0
    assert "undo: one step" in capsys.readouterr().out
    (row,) = json.loads(target.read_text())["rows"]
    assert row["goal_is"] == "at most"
    assert math.isfinite(row["ratio"])


def test_a_program_that_gives_no_answer_leaves_no_pipe_open(monkeypatch):
    started, start = [], subprocess.Popen
    monkeypatch.setattr(
        "subprocess.Popen",
        lambda *given, **told: started.append(start(*given, **told)) or started[0],
    )
    with pytest.raises(Skipped, match="ended without an answer"):
        Program("pairs.py")
    assert started[0].stdin.closed
    assert started[0].stdout.closed
