"""A fill layer in the window: seen at once, listed with its colour, undone and drawn upon never."""

from PySide6.QtCore import Qt

from safelight.document import edits


def test_a_fill_layer_is_seen_and_undone_and_a_brush_leaves_it_alone(opened, qtbot):
    session, canvas = opened.session, opened.canvas
    middle = canvas.rect().center()

    def colour():
        return canvas.grab().toImage().pixelColor(middle).getRgb()[:3]

    session.do(edits.add_fill_layer(session.active, "#ff8040"))
    qtbot.waitUntil(lambda: colour() == (255, 128, 64))
    layer = session.document.layers[-1]
    sample = layer.kind.sample(layer.content)
    qtbot.waitUntil(lambda: opened.layers.thumbnails.of(sample) is not None)
    session.activate(layer.id)
    canvas.take("brush")
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle)
    assert session.document.layers[-1].content == layer.content
    while session.document.layers[-1].content == layer.content:
        session.undo()
    qtbot.waitUntil(lambda: colour() != (255, 128, 64))
