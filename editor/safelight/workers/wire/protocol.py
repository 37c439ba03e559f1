"""Protocol: versioned, length-capped JSON frames over a socket of their own. Never pickle.

A frame is a 32-bit big-endian length and that many bytes of UTF-8 JSON: an object with a
``type``. Shared memory travels beside a frame as a file descriptor, host to worker only.
"""

from __future__ import annotations

import array
import contextlib
import json
import math
import os
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Any

VERSION = 1
"""Version of the messages; a worker that speaks another one is refused."""

MAX_FRAME = 1 << 20
"""Largest frame in bytes. A longer one is a broken or hostile peer."""

_MAX_DESCRIPTORS = 4

Frame = dict[str, Any]
"""A message as it travels: a JSON object with a ``type``."""


class ProtocolError(Exception):
    """The peer sent something that is no message."""


class CutShort(ProtocolError):
    """The conversation ended inside a message: the peer is gone."""


def _no_number(word: str) -> None:
    """Refuse NaN and Infinity, which Python's JSON knows and JSON does not. Raises ValueError."""
    raise ValueError(f"{word} is no number")


def _number(word: str) -> float:
    """A number that is finite: 1e999 is not. Raises ValueError."""
    found = float(word)
    if not math.isfinite(found):
        raise ValueError(f"{word} is no number")
    return found


def message(body: bytes) -> Frame:
    """The message that a frame's bytes are. Raises ProtocolError."""
    try:
        found = json.loads(body, parse_constant=_no_number, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a frame is no JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise ProtocolError("a frame is no message")
    return found


class Channel:
    """One end of the conversation. ``send`` may be called from any thread, ``receive`` from one.

    ``accepts_descriptors`` is true in the worker alone, so a plugin cannot fill the editor's
    table of open files.
    """

    def __init__(self, connection: socket.socket, *, accepts_descriptors: bool = False) -> None:
        self._socket = connection
        self._accepts = accepts_descriptors
        self._sending = threading.Lock()

    def send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Send one message. Raises ProtocolError when it is too long, OSError when nobody reads."""
        body = json.dumps(message, allow_nan=False).encode()
        if len(body) > MAX_FRAME:
            raise ProtocolError(f"a message of {len(body)} bytes is longer than {MAX_FRAME}")
        frame = struct.pack(">I", len(body)) + body
        with self._sending:
            if descriptors:
                # Ancillary data rides on the first byte; the rest follows as ordinary bytes.
                rights = array.array("i", descriptors)
                sent = self._socket.sendmsg(
                    [frame], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
                )
                frame = frame[sent:]
            self._socket.sendall(frame)

    def receive(self) -> tuple[Frame, list[int]] | None:
        """The next message and the descriptors that came with it; None when the peer is gone.

        Raises ProtocolError for a frame that is too long, cut short or no JSON object.
        """
        descriptors: list[int] = []
        body = self.body(descriptors)
        return None if body is None else (message(body), descriptors)

    def body(self, descriptors: list[int]) -> bytes | None:
        """The bytes of the next message, as they came; None when the peer is gone.

        The descriptors that came along are added to ``descriptors``. Raises ProtocolError for a
        frame that is too long or cut short.
        """
        header = self._read(4, descriptors)
        if header is None:
            return None
        (length,) = struct.unpack(">I", header)
        if length > MAX_FRAME:
            raise ProtocolError(f"a frame of {length} bytes is longer than {MAX_FRAME}")
        body = self._read(length, descriptors)
        if body is None:
            raise CutShort("the conversation ended inside a message")
        return body

    def close(self) -> None:
        """End the conversation; the peer reads an end of file."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def heard(self) -> tuple[Frame, list[int]]:
        """A worker's next message from its host, and the descriptors that came with it.

        Ends the process when the host is gone, or speaks no sense: so is the reason to run.
        """
        try:
            received = self.receive()
        except ProtocolError:
            received = None
        if received is None:
            os._exit(0)
        return received

    def _read(self, count: int, descriptors: list[int]) -> bytes | None:
        parts = bytearray()
        while len(parts) < count:
            try:
                part = self._receive_some(count - len(parts), descriptors)
            except (ConnectionError, OSError):
                part = b""
            if not part:
                if parts:
                    raise CutShort("the conversation ended inside a message")
                return None
            parts += part
        return bytes(parts)

    def _receive_some(self, count: int, descriptors: list[int]) -> bytes:
        if not self._accepts or not hasattr(socket, "recv_fds"):
            return self._socket.recv(count)
        part, received, _, _ = socket.recv_fds(self._socket, count, _MAX_DESCRIPTORS)
        descriptors.extend(received)
        for descriptor in received:
            os.set_inheritable(descriptor, False)
        return part
