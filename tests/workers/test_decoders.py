"""Strangers' files are decoded in a confined process: whatever happens there is a sentence."""

import io
import os
import sys
import time

import numpy as np
import pytest

from safelight.pixels import BENT, keep_kernels
from safelight.workers import decoders as decoding
from safelight.workers.decoders import DecoderFailed, Decoders

MOST = 1 << 30


@pytest.fixture
def decoders(tests_are_parts, tmp_path):
    found = Decoders("tests.workers.strange_decoders", tmp_path / "scratch", patience=3.0)
    yield found
    found.pool.close()


def decode(decoders, deed, data=b"bytes"):
    (array,) = decoders.decode(deed, io.BytesIO(data), len(data), None, MOST)
    return array


def test_a_file_goes_in_open_or_as_bytes_and_arrays_come_out(decoders, tmp_path):
    assert decode(decoders, "bytes", b"hello").tobytes() == b"hello"
    path = tmp_path / "a"
    path.write_bytes(b"a file")
    with open(path, "rb") as file:
        file.read(3)
        (array,) = decoders.decode("bytes", file, 6, None, MOST)
    assert array.tobytes() == b"a file"


@pytest.mark.parametrize("copied", [decoding._COPIED, 0])
def test_what_was_decoded_into_a_block_is_kept_and_cannot_be_changed(decoders, monkeypatch, copied):
    monkeypatch.setattr(decoding, "_COPIED", copied)
    array = decode(decoders, "into_a_block")
    assert (array == np.full((2, 3, 3), 7, np.uint16)).all()
    assert not array.flags.writeable


def test_memory_is_used_again_for_the_next_file(decoders):
    arrays, blocks = [], []
    for _ in range(3):
        arrays.append(decode(decoders, "into_a_block"))
        with decoders.pool.worker() as worker:
            blocks.append(sorted(worker._lent))
    assert blocks[0] == blocks[1] == blocks[2] != []
    assert not np.may_share_memory(arrays[0], arrays[1])


def test_a_process_for_which_no_file_comes_ends_and_another_decodes_the_next(decoders, monkeypatch):
    monkeypatch.setattr(decoding, "_SPARE", 0.0)
    first = decode(decoders, "process").tobytes()
    none_is_left(decoders)
    assert decode(decoders, "process").tobytes() != first


def test_a_process_that_has_begun_for_a_file_that_does_not_come_ends(decoders, monkeypatch):
    monkeypatch.setattr(decoding, "_AWAITED", 0.0)
    decoders.begin()
    none_is_left(decoders)


def none_is_left(decoders):
    deadline = time.monotonic() + 60
    while decoders.pool._all and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not decoders.pool._all


def test_the_process_is_another_and_kept_for_the_next_file(decoders):
    first, second = (decode(decoders, "process").tobytes() for _ in range(2))
    assert first == second != str(os.getpid()).encode()


def test_a_process_that_has_begun_is_the_one_that_decodes(decoders):
    decoders.begin()
    decoders.begin()
    (begun,) = decoders.pool._idle
    assert decode(decoders, "process").tobytes() == str(begun.pid).encode()
    assert decoders.pool._all == [begun]


def test_a_process_that_is_still_starting_ends_with_its_pool(decoders):
    decoders.pool.begin()
    (begun,) = decoders.pool._idle
    decoders.pool.close()
    assert not begun.alive
    with pytest.raises(DecoderFailed, match="was closed"):
        decode(decoders, "process")


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("crash", "crashed"),
        ("leave", "ended itself"),
        ("hang", "did not answer for 3 s"),
        ("ask_for_too_much", "makes no sense"),
        ("another_type", "makes no sense"),
    ],
)
def test_what_a_decoder_does_wrong_is_a_sentence_and_the_next_file_opens(decoders, deed, words):
    with pytest.raises(DecoderFailed, match=words):
        decode(decoders, deed)
    assert decode(decoders, "bytes", b"next").tobytes() == b"next"


def test_a_decoder_that_eats_memory_is_out_of_memory_and_the_next_file_opens(decoders):
    with pytest.raises(MemoryError):
        decode(decoders, "eat")
    assert decode(decoders, "bytes", b"next").tobytes() == b"next"


def test_a_decoder_uses_a_kernel_that_is_compiled_and_compiles_none(
    tests_are_parts, tmp_path, kernel_folder
):
    """It may read what the window keeps, but neither write there nor start a compiler."""
    pytest.importorskip("numba")
    keep_kernels(kernel_folder, [BENT])
    for folder, rows in ((kernel_folder, 4), (tmp_path / "empty", 0)):
        found = Decoders("tests.workers.strange_decoders", tmp_path / "scratch", kernels=folder)
        try:
            array = decode(found, "bend")
        finally:
            found.pool.close()
        assert array.tolist() == (np.arange(48) * 2).reshape(4, 4, 3)[:rows].tolist()
    assert not any((tmp_path / "empty").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="confinement is Linux's")
@pytest.mark.parametrize("deed", ["files", "network"])
def test_a_decoder_reaches_neither_files_nor_the_network(decoders, deed):
    with pytest.raises(DecoderFailed, match="PermissionError|FileNotFoundError"):
        decode(decoders, deed)


@pytest.mark.parametrize("copied", [decoding._COPIED, 0])
def test_a_decoder_that_keeps_a_block_changes_nothing_afterwards(decoders, monkeypatch, copied):
    monkeypatch.setattr(decoding, "_COPIED", copied)
    array = decode(decoders, "write_afterwards")
    time.sleep(1)  # a decoder that could, would have written by now
    assert (array == 7).all()
