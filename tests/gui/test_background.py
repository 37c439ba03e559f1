"""Background: a thread may end after what it worked for is gone; then nothing arrives."""

import threading

from PySide6.QtCore import QObject

from safelight.gui.threads.background import Background, Mailbox


def destroy(parent, qtbot):
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()


def test_the_result_arrives_on_the_window_s_thread(qtbot):
    parent, heard = QObject(), []
    Background(parent, lambda: 5, lambda x: heard.append((x, threading.current_thread())), print)
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [(5, threading.main_thread())]


def test_a_failure_arrives_as_what_was_raised(qtbot):
    parent, heard = QObject(), []
    Background(parent, lambda: 1 / 0, print, heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    assert isinstance(heard[0], ZeroDivisionError)


def test_nothing_arrives_where_the_parent_is_gone(qtbot):
    parent, end, heard = QObject(), threading.Event(), []
    made = Background(parent, end.wait, heard.append, heard.append)
    destroy(parent, qtbot)
    with qtbot.waitSignal(made.destroyed):
        end.set()
    assert heard == []


def test_parents_that_go_while_threads_end_harm_nothing(qtbot):
    for _ in range(300):
        parent = QObject()
        mailbox = Mailbox(parent, print)
        made = Background(parent, lambda post=mailbox.post: post(1), print, print)
        parent.deleteLater()
        del parent, mailbox
        with qtbot.waitSignal(made.destroyed):
            pass


def test_letters_arrive_in_order_until_the_mailbox_is_closed(qtbot):
    parent, heard = QObject(), []
    mailbox = Mailbox(parent, heard.append)
    thread = threading.Thread(target=lambda: [mailbox.post(number) for number in range(5)])
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(heard) == 5)
    mailbox.post(5)
    mailbox.close()
    mailbox.post(6)
    destroy(parent, qtbot)
    assert heard == [0, 1, 2, 3, 4]
