"""Cluster cost: what a picture takes against the number of workers, with simulated pictures.

    python -m tests.benchmarks.cluster_cost --seconds 1 --latency 0.1 --transfer 0.02

The batch, its journal, the orders, Dask's scheduler and its workers are real; what a worker does is
waiting: ``latency`` for the store to answer, twice; ``transfer``, in which the store serves nobody
else, twice; and ``seconds`` of work. So it shows where the store and this machine's own part stop
scaling, on a machine that has no 64 processors.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from unittest import mock

from distributed import LocalCluster

from safelight import actions
from safelight.actions.batch import cluster_work
from safelight.actions.batch.run_batch import Batch, Order
from safelight.actions.recipes import Recipe, Step

WORKERS = (1, 2, 4, 16, 64)

_STORE = threading.Lock()


def simulated(text: str, seconds: float, latency: float, transfer: float) -> str:
    """A report on a picture that was only waited for."""
    data = json.loads(text)
    for wait in (0.0, seconds):  # read; work and write
        time.sleep(wait + latency)
        with _STORE:
            time.sleep(transfer)
    told = {"bytes": 1, "width": 1, "height": 1, "notes": []}
    return json.dumps({"path": data["target"]} | told)


def cost(studio: actions.Studio, workers: int, waits: tuple[float, float, float]) -> float:
    """Seconds for each picture, of four for each worker at the least."""
    # By its module's name, so that all workers share one store.
    from tests.benchmarks.cluster_cost import simulated as work

    count = max(4 * workers, 12)
    waiting = partial(work, seconds=waits[0], latency=waits[1], transfer=waits[2])
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            protocol="tcp",
            host="127.0.0.1",
            dashboard_address=None,
        ) as local,
        cluster_work.Cluster(local.scheduler_address) as cluster,
        mock.patch.object(cluster_work, "carried_out", waiting),
        mock.patch.dict(os.environ, {"XDG_STATE_HOME": folder}),
    ):
        sources = []
        for number in range(count):
            sources.append(Path(folder) / f"{number:04}.png")
            sources[-1].touch()
        order = Order(Recipe((Step("command", "flip"),)), Path(folder) / "out")
        batch = Batch(order, sources, cluster.work(studio), jobs=cluster.at_once)
        began = time.monotonic()
        states = [report.state for report in batch]
        assert states == ["done"] * count, batch.ended_early
        return (time.monotonic() - began) / count


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--transfer", type=float, default=0.02)
    given = parser.parse_args()
    waits = (given.seconds, given.latency, given.transfer)
    print("| Workers | Seconds a picture | Times as quick as one | Of the workers used |")
    print("|---:|---:|---:|---:|")
    with actions.Studio("cpu") as studio:
        one = 0.0
        for workers in WORKERS:
            each = cost(studio, workers, waits)
            one = one or each
            gain = one / each
            print(f"| {workers} | {each:.3f} | {gain:.1f} | {gain / workers:.0%} |", flush=True)


if __name__ == "__main__":
    main()
