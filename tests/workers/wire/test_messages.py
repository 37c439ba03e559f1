"""What is said arrives as it was meant, and what makes no sense is not believed."""

import dataclasses
import json

import pytest

from safelight.api import Region
from safelight.workers.wire import messages
from safelight.workers.wire.message_json import NoSense, read, said, word
from safelight.workers.wire.messages import Place, Step

PLACE = Place(7, (2, 3, 3))
RUN = messages.Run(
    job=3,
    piece=5,
    filter="test.test",
    settings={"strength": 0.5, "name": "漢"},
    region=Region(-4, 0, 20, 30, 2),
    keep=(1, 2, 3, 4),
    output=PLACE,
    images={"other": Place(9, (1, 1, 3))},
    prepared={"mean": [0.1, 0.2]},
)
EXAMPLES = [
    messages.Describe(),
    messages.ReadNetworks(files=("a.onnx", "b.onnx")),
    messages.MakePlan(filter="a", settings={}, images=("other",), canvas=Region(0, 0, 5, 5)),
    messages.Prepare(filter="a", settings={}, input=PLACE, quantisation=((1,) * 64, (2,) * 64)),
    RUN,
    messages.RunInTurn(
        steps=(Step("a", {}), Step("b", {"radius": 3})),
        region=Region(0, 0, 3, 2),
        canvas=Region(0, 0, 30, 20, 1),
        input=PLACE,
        output=PLACE,
    ),
    messages.DecodeFile(format="png", size=100, limit=None, told={"half": True}, file=4),
    messages.Planned(reach=1, multiple=2, scale=3, tile=448, models={"a.onnx": "00"}),
    messages.PictureMade(shape=(1, 2, 3), dtype="uint8", beside={"parts": [1]}),
    messages.Decoded(arrays=((1, 0, (2, 2), "uint8"), (2, 64, (), "float32"))),
    messages.Failed(reason="because", kind="memory"),
    messages.Progress(fraction=0.25, piece=2),
]


def kinds(parent):
    return [
        kind
        for kind in vars(messages).values()
        if isinstance(kind, type)
        and issubclass(kind, parent)
        and dataclasses.is_dataclass(kind)
        and kind not in (messages.Message, parent)
    ]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_what_is_said_is_read_as_it_was(message):
    assert read(type(message), json.loads(json.dumps(said(message)))) == message


def test_defaults_are_left_out():
    assert said(messages.Done(job=4)) == {"type": "done", "job": 4}
    assert said(messages.Done(job=4), job=6, piece=2) == {"type": "done", "job": 6, "piece": 2}


def test_each_kind_has_a_word_of_its_own():
    words = [word(kind) for kind in [*kinds(messages.Question), *kinds(messages.Answer)]]
    assert len(words) > 30
    assert len(set(words)) == len(words)
    assert word(messages.RunInTurn) == "run in turn"


def changed(**fields):
    return json.loads(json.dumps(said(RUN))) | fields


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"type": "done"},
        {"type": ["run"]},
        {"type": "run"},
        changed(piece="5"),
        changed(piece=True),
        changed(piece=5.0),
        changed(filter=None),
        changed(settings=[]),
        changed(region=[0, 0, 1]),
        changed(region=[0, 0, 1, 1, 0, 0]),
        changed(region=["0", 0, 1, 1]),
        changed(region=7),
        changed(keep=[1, 2, 3]),
        changed(keep=[1, 2, 3, 4, 5]),
        changed(output={"block": 1}),
        changed(output={"block": 1, "shape": [1.5]}),
        changed(output=[1, [1]]),
        changed(images={"other": 5}),
        changed(images=[[1, 2]]),
        changed(canvas={}),
    ],
    ids=repr,
)
def test_what_makes_no_sense_is_not_believed(sent):
    with pytest.raises(NoSense):
        read(messages.Run, sent)


def test_a_newer_peer_may_say_more():
    assert read(messages.Run, changed(mood="good")) == RUN
