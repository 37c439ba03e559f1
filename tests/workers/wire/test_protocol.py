"""Frames: what is no message is refused, however it is made."""

import json
import os
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.workers.wire.protocol import MAX_FRAME, Channel, ProtocolError


@pytest.fixture
def ends():
    near, far = socket.socketpair()
    near.settimeout(60)
    yield Channel(near), far
    near.close()
    far.close()


def frame(body):
    return struct.pack(">I", len(body)) + body


def test_a_message_arrives_as_it_was_sent(ends):
    channel, far = ends
    Channel(far).send({"type": "run", "settings": {"name": "Ä ß 漢"}})
    assert channel.receive() == ({"type": "run", "settings": {"name": "Ä ß 漢"}}, [])


def test_the_end_of_the_conversation_is_none(ends):
    channel, far = ends
    far.close()
    assert channel.receive() is None


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"null", b"{", b"\xff\xfe", b'{"kind": "run"}', b'{"type": 5}'],
)
def test_a_frame_that_is_no_message_is_refused(ends, body):
    channel, far = ends
    far.sendall(frame(body))
    with pytest.raises(ProtocolError):
        channel.receive()


def test_deeply_nested_json_is_refused(ends):
    channel, far = ends
    far.sendall(frame(b"[" * 100_000))
    with pytest.raises(ProtocolError):
        channel.receive()


def test_a_frame_that_is_too_long_is_refused_before_it_is_read(ends):
    channel, far = ends
    far.sendall(struct.pack(">I", MAX_FRAME + 1))
    with pytest.raises(ProtocolError):
        channel.receive()
    with pytest.raises(ProtocolError):
        channel.send({"type": "x", "text": "a" * MAX_FRAME})


@given(st.binary(min_size=1, max_size=300))
def test_noise_ends_in_a_protocol_error_or_a_quiet_end(noise):
    near, far = socket.socketpair()
    with near, far:
        far.sendall(noise)
        far.shutdown(socket.SHUT_WR)
        channel = Channel(near)
        try:
            while channel.receive() is not None:
                pass
        except ProtocolError:
            pass


def test_descriptors_travel_to_the_worker_only(ends):
    channel, far = ends
    worker = Channel(far, accepts_descriptors=True)
    read, write = os.pipe()
    try:
        channel.send({"type": "block"}, [write])
        message, descriptors = worker.receive()
        assert message == {"type": "block"}
        os.write(descriptors[0], b"here")
        assert os.read(read, 4) == b"here"
        os.close(descriptors[0])
        worker.send({"type": "evil"}, [write])
        assert channel.receive() == ({"type": "evil"}, [])
    finally:
        os.close(read)
        os.close(write)


def test_threads_may_send_at_once(ends):
    channel, far = ends
    sender = Channel(far)
    body = {"type": "progress", "text": "x" * 5000}
    threads = [threading.Thread(target=sender.send, args=(body,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert all(channel.receive() == (body, []) for _ in threads)
    for thread in threads:
        thread.join()
    assert json.dumps(body)
