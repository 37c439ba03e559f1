"""Inference: networks are run on pictures, in windows and batches, in worker processes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from safelight.api import Image
from safelight.workers.far.further_pictures import Further
from safelight.workers.far.network_batches import (
    MOST_NUMBERS,
    Feeds,
    along,
    apart,
    batches,
    together,
)
from safelight.workers.far.network_contract import Contract, ModelError
from safelight.workers.far.network_feeds import feeds_of, filled_up, shown_to
from safelight.workers.far.network_results import as_planes, cut_back, resized_back
from safelight.workers.far.network_sessions import NetworkSessions
from safelight.workers.far.onnx_runtime import OutOfMemory
from safelight.workers.far.tensors import each_resized, windows

_Given: TypeAlias = tuple[Image, Mapping[str, Any]]
"""An image, with what lies on it, and its further inputs."""


class Inference(NetworkSessions):
    """Runs networks on pictures. One per worker process.

    ``wanted`` is "auto", "cpu" or "cuda". ``batches``: several pictures go into one run where the
    network takes several.
    """

    batches = True

    def __init__(self) -> None:
        super().__init__()
        self._alone: set[int] = set()

    def run(
        self,
        path: Path,
        image: Image,
        inputs: Mapping[str, Any],
        wanted: str,
        threads: int = 0,
        *,
        picture: bool = True,
    ) -> Image:
        """The network's result for ``image`` (height, width, 3), ``scale`` times as large.

        All else is as for ``run_each``.
        """
        return self.run_each(path, [image], [inputs], wanted, threads, picture=picture)[0]

    def run_each(
        self,
        path: Path,
        images: Sequence[Image],
        inputs: Sequence[Mapping[str, Any]],
        wanted: str,
        threads: int = 0,
        *,
        picture: bool = True,
    ) -> list[Image]:
        """The network's result for each of ``images`` (height, width, 3), ``scale`` times as large:
        in one run where the network takes several and they are equally large.

        Light below 0 and above 1 is kept from a network that does not know it, and returned to
        its result if that is a ``picture``. Of ``inputs``, those of each image, a mask is float32
        (height, width), 0 to 1, a second picture float32 (height, width, 3), as the contract says.
        ``threads`` are those of a CPU that it may use, 0 for all: the result is the same.
        Raises ModelError, OutOfMemory, DeviceError, or Cancelled after ``terminate``.
        """
        contract = self.contract(path)
        device = self.device(wanted, path)
        self.begin()
        shown = [shown_to(image, contract) for image in images]
        session = self.session(path, device.name, threads)
        try:
            given = [
                contract.further.stacked(image, named)
                for (image, _), named in zip(shown, inputs, strict=True)
            ]
        except ValueError as error:
            raise ModelError(f"{path.name} {error}") from None
        found = self._results(session, given, contract, path.name)
        if contract.beyond == "cut" or not picture:
            return found
        return [
            made if beyond is None else contract.format.returned(made, image, beyond)
            for made, (image, beyond) in zip(found, shown, strict=True)
        ]

    def step(
        self,
        path: Path,
        image: Image,
        before: Mapping[str, Image],
        inputs: Mapping[str, Any],
        wanted: str,
        threads: int = 0,
    ) -> tuple[Image, dict[str, Image]]:
        """The result of a recurrent network for ``image`` (height, width, 3), and what it carries
        on, by name: ``before`` are arrays (height / size, width / size, channels) float32.

        ``threads`` as for ``run_each``. Light that it does not know is kept from it, and returned
        to its result. Raises as ``run`` does; ModelError for a network that carries something else.
        """
        contract = self.contract(path)
        if set(before) != set(contract.carries):
            names = ", ".join(contract.carries) or "nothing"
            raise ModelError(f"{path.name} carries {names}, not {', '.join(before)}")
        session = self.session(path, self.device(wanted, path).name, threads)
        self.begin()
        shown, beyond = shown_to(image, contract)
        filled = filled_up(shown, contract)
        feeds = feeds_of(session, filled, inputs, contract)
        for name, size in contract.carries.items():
            extra = [
                (0, -(-goal // size) - side)
                for goal, side in zip(filled.shape[:2], before[name].shape[:2], strict=True)
            ]
            whole = np.pad(before[name], (*extra, (0, 0)), mode="edge")
            feeds[name] = np.ascontiguousarray(whole.transpose(2, 0, 1)[None], np.float32)
        outputs = [item.name for item in session.get_outputs()]
        answers = self.call(session, feeds, path.name)
        try:
            planes = contract.format.planes(answers[0])[: image.shape[0], : image.shape[1]]
            made = np.asarray(contract.format.picture(planes, shown))
        except (ValueError, AttributeError):
            raise ModelError(f"{path.name} gave a result of another shape") from None
        found = dict(zip(outputs, answers, strict=True))
        carried = {
            name: np.asarray(found[f"next_{name}"], np.float32)[0].transpose(1, 2, 0)[
                : before[name].shape[0], : before[name].shape[1]
            ]
            for name in contract.carries
            if f"next_{name}" in found
        }
        if beyond is not None and contract.beyond != "cut":
            made = contract.format.returned(made, shown, beyond)
        return made, carried

    def describe(
        self,
        path: Path,
        image: Image | None,
        inputs: Mapping[str, Any],
        wanted: str,
        threads: int = 0,
    ) -> NDArray[np.float32]:
        """The first output, as it is, of a network that is given ``image`` (height, width, 3), or
        its ``inputs`` alone. All else is as for ``describe_each``.
        """
        return self.describe_each(path, [image], [inputs], wanted, threads)[0]

    def describe_each(
        self,
        path: Path,
        images: Sequence[Image | None],
        inputs: Sequence[Mapping[str, Any]],
        wanted: str,
        threads: int = 0,
    ) -> list[NDArray[np.float32]]:
        """The first output, as it is, for each of ``images`` (height, width, 3) or for its
        ``inputs`` alone: in one run where the network takes several. Light that it does not know is
        kept from it, as by ``run``.

        ``threads`` are those of a CPU that it may use, 0 for all. Raises as ``run_each`` does;
        ModelError for an image whose sides it does not take.
        """
        contract = self.contract(path)
        session = self.session(path, self.device(wanted, path).name, threads)
        self.begin()
        plain = replace(contract, further=Further())  # each as the graph has it
        feeds = [
            feeds_of(session, None if image is None else shown_to(image, contract)[0], named, plain)
            for image, named in zip(images, inputs, strict=True)
        ]
        answers = self._calls(session, feeds, contract, path.name)
        return [np.asarray(answer, np.float32) for answer in answers]

    def _results(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[Image]:
        """What the network makes of each image, in as many windows as it needs.

        Here and below an image is (height, width, 3 or more): further channels are what lies on
        it, as ``Further.stacked`` has it.
        """
        if contract.fit != "windows":
            return self._whole(session, given, contract, name)
        if contract.size is None:
            return self._some(session, given, contract, name)
        tall, wide = (side - 2 * contract.margin for side in contract.size)
        if all(image.shape[0] <= tall and image.shape[1] <= wide for image, _ in given):
            return self._some(session, given, contract, name)
        return [self._in_windows(session, each, contract, name) for each in given]

    def _in_windows(self, session: Any, given: _Given, contract: Contract, name: str) -> Image:
        """What a network of one size makes of an image, window by window."""
        assert contract.size is not None
        (image, inputs), scale = given, contract.scale
        height, width = image.shape[:2]
        tall, wide = (side - 2 * contract.margin for side in contract.size)
        result = np.empty((height * scale, width * scale, 3), np.float32)
        # Half a window of reach would leave nothing to keep.
        overlaps = [min(contract.reach, side // 4) for side in (tall, wide)]
        for top, first, last in windows(height, tall, overlaps[0]):
            row = windows(width, wide, overlaps[1])
            parts = [image[top : top + tall, left : left + wide] for left, _, _ in row]
            found = self._some(session, [(part, inputs) for part in parts], contract, name)
            for (left, start, end), made in zip(row, found, strict=True):
                result[first * scale : last * scale, start * scale : end * scale] = made[
                    (first - top) * scale : (last - top) * scale,
                    (start - left) * scale : (end - left) * scale,
                ]
        return result

    def _some(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[Image]:
        """Each filled up to the sizes the network takes, run, and cut back."""
        filled = [filled_up(image, contract) for image, _ in given]
        found = self._planes(
            session,
            [(image, inputs) for image, (_, inputs) in zip(filled, given, strict=True)],
            contract,
            name,
        )
        return [
            cut_back(planes, whole, image.shape[:2], contract, name)
            for planes, whole, (image, _) in zip(found, filled, given, strict=True)
        ]

    def _whole(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[Image]:
        """Each whole image made as large as the network takes it, run, and its result resized."""
        assert contract.size is not None
        side = contract.size[::-1]
        small = [(each_resized(image, side), inputs) for image, inputs in given]
        found = self._planes(session, small, contract, name)
        return [
            resized_back(planes, shown[..., :3], image[..., :3], contract)
            for planes, (shown, _), (image, _) in zip(found, small, given, strict=True)
        ]

    def _planes(
        self, session: Any, given: Sequence[_Given], contract: Contract, name: str
    ) -> list[NDArray[np.float32]]:
        """What comes out for each image of a size that the network takes."""
        feeds = [feeds_of(session, image, inputs, contract) for image, inputs in given]
        return [
            as_planes(result, contract, name)
            for result in self._calls(session, feeds, contract, name)
        ]

    def _calls(
        self, session: Any, feeds: Sequence[Feeds], contract: Contract, name: str
    ) -> list[Any]:
        """The first output for each of ``feeds``, in as few runs as the network and the memory
        allow: no more pixels are in one run than in a piece that suits the network.
        """
        joined: tuple[str, ...] = ()
        if len(feeds) > 1 and self.batches and id(session) not in self._alone:
            joined = along(session, feeds[0], contract.further.names)
        most, made = min(3 * contract.tile**2, MOST_NUMBERS), list[Any]()
        for numbers in batches(feeds, joined, most):
            parts = None
            if len(numbers) > 1:
                parts = self._at_once(session, [feeds[number] for number in numbers], joined, name)
            for place, number in enumerate(numbers):
                if parts is None:
                    self.check_wanted()
                    made.append(self.call(session, feeds[number], name)[0])
                else:
                    made.append(parts[place])
        return made

    def _at_once(
        self, session: Any, feeds: Sequence[Feeds], joined: Sequence[str], name: str
    ) -> list[Any] | None:
        """The first outputs of one run for all of ``feeds``; None where that is too much, and of a
        network that says that it takes several and does not, which is not asked again.
        """
        self.check_wanted()
        try:
            result = self.call(session, together(feeds, joined), name)[0]
        except OutOfMemory:
            return None
        except ModelError:
            result = None
        parts = None if result is None else apart(result, len(feeds))
        if parts is None:
            self._alone.add(id(session))
        return parts
