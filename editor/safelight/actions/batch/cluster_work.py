"""Cluster work: the files of a batch, done by Dask's workers on this and other machines.

Alone in Safelight this imports Dask, which unpickles whatever reaches it: only addresses of this
machine, and connections under TLS, are taken. What Safelight sends and reads is text
(``cluster_order``).
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType

from distributed import Client, Future, KilledWorker
from distributed.comm import CommClosedError
from distributed.security import Security

from safelight.actions.batch.batch_journal import BatchError
from safelight.actions.batch.cluster_order import Refused, carried_out, read_report, written_order
from safelight.actions.batch.run_batch import AtOnce, Order, Work
from safelight.actions.plugin_jobs import Studio
from safelight.actions.recipes.process_file import Processed
from safelight.actions.stop import Stop, Stopped
from safelight.document import Document
from safelight.files.atomic import check_target

_AHEAD = 2
"""Files for each thread of a worker: one that it does and one that waits."""

_MOST_AT_ONCE = 512

_LOOKS = 0.25
"""Seconds between two looks at whether a batch is to stop, or the scheduler is gone."""


class Cluster:
    """A scheduler at an ``address`` ("tls://one:8786") with its workers. Close it, or use ``with``.

    Dask's own configuration says where the certificates of TLS are. Raises BatchError for an
    address that is neither this machine's nor under TLS, for one where nobody answers, and for a
    scheduler without workers.
    """

    def __init__(self, address: str, *, device: str = "auto", patience: float = 10.0) -> None:
        self._device = device
        security = Security()
        self._address = checked_address(address, encrypted=bool(security.tls_ca_file))
        for name in list(logging.root.manager.loggerDict):  # what is wrong is told in sentences
            if name.partition(".")[0] == "distributed":
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            self._client = Client(
                self._address, security=security, timeout=patience, set_as_default=False
            )
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            raise BatchError(f"No scheduler answers at {address}: {error}.") from None
        try:
            self.at_once = self._threads()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the scheduler, which stays as it is."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)

    def work(self, studio: Studio) -> Work:
        """Have files processed by the workers; ``studio`` says which plugins there are here."""

        def work(
            order: Order,
            number: int,
            source: Path,
            path: Callable[[Document | None], Path],
            stop: Stop,
            at_once: AtOnce = lambda: 1,
        ) -> Processed:
            target = path(None)
            check_target(target, overwrite=order.overwrite)
            text = written_order(order, studio, number, source, target, self._device)
            return self._done(text, stop)

        return work

    def _done(self, text: str, stop: Stop) -> Processed:
        ended = threading.Event()
        try:
            # Each file is a task of its own name: Dask does one again elsewhere when its worker
            # dies, and never two of one name at once.
            future = self._client.submit(
                carried_out, text, key=f"safelight-{uuid.uuid4().hex}", pure=False
            )
        except Exception:  # whatever Dask says of a connection that is closed
            raise self._lost() from None
        future.add_done_callback(lambda _: ended.set())
        while not ended.wait(_LOOKS):
            if stop.asked:
                with contextlib.suppress(Exception):
                    future.cancel()
                raise Stopped
            if self._client.status != "running":
                raise self._lost()
        return self._report(future)

    def _report(self, future: Future) -> Processed:
        try:
            return read_report(future.result(timeout=30))
        except Refused as error:
            raise BatchError(f"{error} The batch has stopped, and can be resumed.") from None
        except KilledWorker:
            raise OSError("each worker that was given it has died of it") from None
        except (CancelledError, CommClosedError, TimeoutError):
            raise self._lost() from None  # the file may be whole: its report alone is lost

    def _threads(self) -> int:
        """Files that are given at once. Raises BatchError for workers that cannot be taken."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise BatchError(f"The scheduler at {self._address} has no workers.")
        for name in workers:
            checked_address(str(name), encrypted=True)
        threads = sum(int(item["nthreads"]) for item in workers.values())
        return min(threads * _AHEAD, _MOST_AT_ONCE)

    def _lost(self) -> BatchError:
        return BatchError(
            f"The scheduler at {self._address} is gone; the batch has stopped, and can be resumed."
        )


def checked_address(address: str, *, encrypted: bool) -> str:
    """The address in full, where it may be connected to: under TLS, which is ``encrypted`` where
    certificates are configured, or this machine's. Without a scheme it is the one that may be.
    Raises BatchError.
    """
    scheme, found, place = address.rpartition("://")
    here = _is_loopback(place)
    scheme = scheme if found else "tcp" if here else "tls"
    if scheme == "tls":
        if not encrypted:
            raise BatchError(
                f"{address} needs TLS: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, and the"
                " certificate and key of the client, as the README tells."
            )
    elif scheme != "tcp" or not here:
        raise BatchError(
            f"{address} is neither on this machine nor under TLS: Dask carries out what reaches it,"
            " so only tls:// and tcp://127.0.0.1 are taken."
        )
    return f"{scheme}://{place}"


def _is_loopback(place: str) -> bool:
    host = place.rpartition(":")[0] if not place.endswith("]") else place
    if (host or place) == "localhost":
        return True
    try:
        return ipaddress.ip_address((host or place).strip("[]")).is_loopback
    except ValueError:
        return False
