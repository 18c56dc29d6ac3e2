"""A live source and its newest frame. Threads are real, time is not: it passes when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Queue

import numpy as np
import pytest

from runtime.errors import ImageError, SourceError
from runtime.results import Prediction
from runtime.sources.base import EndedError, Frame, TryLaterError
from runtime.stream.answer import FrameResult
from runtime.stream.live import MAX_HUNG, LiveSource, SourceEvent, stored_events
from runtime.stream.watcher import StreamClassifier

PATIENCE_S = 60.0  # a test that waits this long has failed


class Camera:
    """A source that gives what it is handed: numbers are frames, errors are raised, None is its end."""

    def __init__(self) -> None:
        self.script: Queue[int | Frame | Exception | None] = Queue()
        self.opened = self.closed = 0
        self.refuse: list[Exception] = []
        self.asked = threading.Semaphore(0)

    def open(self) -> Iterator[Frame]:
        self.opened += 1
        if self.refuse:
            raise self.refuse.pop(0)
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        try:
            while True:
                self.asked.release()
                item = self.script.get(timeout=PATIENCE_S)
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                if isinstance(item, Frame):
                    yield item
                    continue
                yield Frame(np.full((2, 2), item, np.uint8), "fake", item, 0.0)
        finally:
            self.closed += 1


class Bench:
    """A camera, a clock, and the events that come of them.

    The clock stands still while something is on its way, and jumps to what is due where nothing is: where
    nothing is open, or the reader that is open has been told to be silent.
    """

    def __init__(self, give_up: float | None = None) -> None:
        self.camera = Camera()
        self.now = 1000.0
        self.silent: object = None
        self.source = LiveSource("camera 0", self.camera.open, give_up, lambda: self.now, self._wait)
        self.events = self.source.events(lambda: False)

    def _wait(self, changed: threading.Condition, seconds: float) -> None:
        reader = self.source._capture
        if reader is None or reader is self.silent:
            self.now += seconds
        else:
            assert changed.wait(PATIENCE_S)

    def frame(self, number: int) -> SourceEvent:
        """Hand the camera a frame and see what comes of it."""
        self.silent = None
        self.camera.script.put(number)
        return next(self.events)

    def silence(self) -> SourceEvent:
        """Let time pass until something happens by itself."""
        self.silent = self.source._capture
        return next(self.events)

    def arrive(self, number: int) -> None:
        """Let a frame come in while nobody asks."""
        self.camera.script.put(number)
        assert self.camera.asked.acquire(timeout=PATIENCE_S)  # it asks for the next: this one is in


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for _ in range(8):  # whatever hangs, ends
        made.camera.script.put(None)
    made.source.close()


def shown(event: SourceEvent) -> tuple[str, int | None]:
    return event.state, event.frame.index if event.frame else None


def test_frames_are_ok(bench: Bench) -> None:
    assert [shown(bench.frame(n)) for n in (0, 1, 2)] == [("ok", 0), ("ok", 1), ("ok", 2)]
    assert bench.source.dropped == 0


def test_only_the_newest_frame_is_given(bench: Bench) -> None:
    assert bench.camera.asked.acquire(timeout=PATIENCE_S)
    for number in (1, 2, 3):
        bench.arrive(number)
    assert shown(next(bench.events)) == ("ok", 3)
    assert bench.source.dropped == 2


def test_the_answer_is_of_the_newest_frame_and_as_old_as_its_processing(bench: Bench) -> None:
    interval, processing = 0.04, 0.13
    numbers = iter(range(1, 1000))
    looked: list[int] = []

    def look(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FrameResult:
        """Three frames come in while one is looked at."""
        looked.append(int(image[0, 0]))
        start = bench.now
        for part in (1, 2, 3):
            bench.now = start + part * interval
            bench.arrive(next(numbers))
        bench.now = start + processing
        return FrameResult(Prediction("7", 7, 0.9, None, (), None, 1.0, 1.0))

    watcher = StreamClassifier("camera 0", look, every_frame=True, clock=lambda: bench.now)
    assert bench.camera.asked.acquire(timeout=PATIENCE_S)
    bench.arrive(0)
    answers = [watcher.process(next(bench.events)) for _ in range(20)]
    assert looked == [0, *range(3, 60, 3)]  # the last to come in before it was asked for
    assert all(answer.age_ms <= (interval + processing) * 1000 + 1e-6 for answer in answers)
    assert max(answer.age_ms for answer in answers) > processing * 1000
    assert bench.source.dropped == 40  # the other two of each three


def test_a_frame_that_waited_too_long_is_not_shown(bench: Bench) -> None:
    assert bench.camera.asked.acquire(timeout=PATIENCE_S)
    bench.arrive(0)
    assert shown(next(bench.events)) == ("ok", 0)
    bench.arrive(1)
    bench.now += 3  # whoever asks was away
    assert shown(bench.silence()) == ("stale", None)
    assert shown(bench.frame(2)) == ("recovered", 2)
    assert bench.source.dropped == 1


def test_silence_is_stale_then_lost_and_the_source_is_opened_again(bench: Bench) -> None:
    bench.frame(0)
    stale = bench.silence()
    assert (shown(stale), bench.now, stale.message) == (("stale", None), 1002.0, "no new frame for 2 s")
    lost = bench.silence()
    assert shown(lost) == ("lost", None)
    assert bench.now == pytest.approx(1012.0)
    assert "hangs" in lost.message
    bench.camera.script.put(90)  # whichever reader gets this: the one that hung may not show it
    bench.camera.script.put(91)
    assert shown(next(bench.events)) in {("recovered", 90), ("recovered", 91)}
    assert bench.camera.opened == 2
    assert bench.now == pytest.approx(1012.5)
    bench.camera.script.put(92)  # as long as the one that hung waits for a frame, it may get one
    assert shown(bench.frame(2))[0] == "ok"


def test_openings_that_hang_are_few(bench: Bench) -> None:
    bench.frame(0)
    bench.silence()
    bench.silence()
    hang = threading.Event()

    def hanging() -> Iterator[Frame]:
        hang.wait(PATIENCE_S)
        return iter(())

    bench.source._opener = hanging
    turns = iter(range(2000))

    def done() -> bool:
        bench.silent = bench.source._capture  # none of them ever speaks
        return next(turns, None) is None

    try:
        assert list(bench.source.events(done)) == []
        assert bench.now > 1300
        assert len(bench.source._hung) == MAX_HUNG
        assert bench.source.close() is False
    finally:
        hang.set()


def test_a_loss_is_told_once_and_the_opening_tried_again(bench: Bench) -> None:
    bench.frame(0)
    bench.camera.refuse = [SourceError("still away"), OSError("worse"), SourceError("still away")]
    bench.camera.script.put(SourceError("camera 0 gives no more frames"))
    lost = next(bench.events)
    assert (shown(lost), lost.message) == (("lost", None), "camera 0 gives no more frames")
    assert bench.camera.closed == 1
    bench.camera.script.put(7)
    assert shown(next(bench.events)) == ("recovered", 7)
    assert bench.camera.opened == 5
    assert bench.now == pytest.approx(1000 + 0.5 + 1 + 2 + 4)
    assert shown(bench.frame(8)) == ("ok", 8)


def test_a_source_that_cannot_be_opened_at_the_start_is_an_error() -> None:
    def refuse() -> Iterator[Frame]:
        raise SourceError("cannot open camera 0")

    with pytest.raises(SourceError, match="cannot open camera 0"):
        next(LiveSource("camera 0", refuse).events(lambda: False))


def test_a_source_without_a_first_frame_is_an_error(bench: Bench) -> None:
    with pytest.raises(SourceError, match="gives no frame and no error; its driver or network hangs"):
        bench.silence()


def test_unplugged_before_the_first_frame_is_an_error(bench: Bench) -> None:
    bench.camera.script.put(SourceError("camera 0 gives no more frames; is it unplugged?"))
    with pytest.raises(SourceError, match="is it unplugged"):
        next(bench.events)


def test_it_gives_up_after_the_time_it_was_given() -> None:
    bench = Bench(give_up=20)
    bench.frame(0)
    bench.camera.refuse = [SourceError("no such device")] * 99
    bench.camera.script.put(SourceError("gone"))
    assert next(bench.events).state == "lost"
    with pytest.raises(SourceError, match="camera 0 was lost for 20 s: no such device"):
        next(bench.events)
    assert bench.now == pytest.approx(1020)


def test_the_end_of_a_finite_source_is_the_end(bench: Bench) -> None:
    bench.frame(0)
    bench.camera.script.put(1)
    bench.camera.script.put(None)
    assert [shown(event) for event in bench.events] == [("ok", 1)]


def test_a_pipe_at_its_end_after_a_loss_is_the_end_and_at_the_start_an_error(bench: Bench) -> None:
    bench.frame(0)
    bench.camera.script.put(SourceError("rubbish"))
    bench.camera.refuse = [EndedError("standard input is empty")]
    assert [shown(event) for event in bench.events] == [("lost", None)]
    first = Bench()
    first.camera.script.put(EndedError("standard input is empty"))
    with pytest.raises(SourceError, match="is empty"):
        next(first.events)


def test_a_server_that_asks_for_time_is_not_asked_before(bench: Bench) -> None:
    bench.frame(0)
    bench.camera.script.put(TryLaterError("503", 100.0))
    assert shown(next(bench.events)) == ("lost", None)
    bench.camera.script.put(1)
    assert shown(next(bench.events)) == ("recovered", 1)
    assert bench.now == pytest.approx(1100.0)


def test_a_frame_that_was_old_when_it_was_given_is_not_shown(bench: Bench) -> None:
    bench.frame(0)
    bench.camera.script.put(Frame(np.full((2, 2), 1, np.uint8), "fake", 1, 0.0, age_s=2.5))
    bench.camera.script.put(Frame(np.full((2, 2), 2, np.uint8), "fake", 2, 0.0, age_s=0.5))
    event = next(bench.events)
    assert (shown(event), event.arrived) == (("ok", 2), 999.5)


def test_close_releases_the_camera(bench: Bench) -> None:
    bench.frame(0)
    bench.camera.script.put(1)
    reader = bench.source._capture
    assert reader is not None
    reader.stop()
    assert reader.join(PATIENCE_S)
    assert bench.source.close() is True
    assert bench.camera.closed == 1


def test_every_turn_is_told_of_whether_a_frame_comes_or_not(bench: Bench) -> None:
    turns: list[float] = []
    bench.silent = bench.source._capture
    assert list(bench.source.events(lambda: len(turns) == 5, lambda: turns.append(bench.now))) == []
    assert turns == pytest.approx([1000.0, 1000.2, 1000.4, 1000.6, 1000.8])


def test_a_file_has_a_turn_before_each_frame() -> None:
    frames = [Frame(np.zeros((2, 2), np.uint8), "f", index, 0.0) for index in range(3)]
    turns: list[int] = []
    assert len(list(stored_events(iter(frames), lambda: False, lambda: turns.append(1)))) == 3
    assert len(turns) == 4  # and one that finds the end


def test_a_picture_that_cannot_be_read_is_told_and_the_next_one_follows() -> None:
    class Pictures:
        def __init__(self) -> None:
            self.left: list[Frame | ImageError] = [
                Frame(np.zeros((2, 2), np.uint8), "f", 0, 0.0),
                ImageError("bad"),
                Frame(np.zeros((2, 2), np.uint8), "f", 2, 0.0),
            ]

        def __iter__(self) -> Iterator[Frame]:
            return self

        def __next__(self) -> Frame:
            if not self.left:
                raise StopIteration
            one = self.left.pop(0)
            if isinstance(one, ImageError):
                raise one
            return one

    told: list[ImageError] = []
    events = stored_events(Pictures(), lambda: False, on_error=told.append)
    assert [shown(event) for event in events] == [("ok", 0), ("ok", 2)]
    assert [str(error) for error in told] == ["bad"]
    with pytest.raises(ImageError, match="bad"):
        list(stored_events(Pictures(), lambda: False))


def test_a_file_gives_every_frame_until_stopped() -> None:
    frames = [Frame(np.zeros((2, 2), np.uint8), "f", i, 0.0) for i in range(5)]
    assert [e.frame.index for e in stored_events(iter(frames), lambda: False) if e.frame] == [0, 1, 2, 3, 4]
    assert list(stored_events(iter(frames), lambda: True)) == []
