"""python -m runtime.camera: what does the camera, a stream or a video show?"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType

from runtime.camera_options import parse
from runtime.classify import load_classifier
from runtime.command import note_line, run
from runtime.errors import ModelError
from runtime.frames import Frame
from runtime.health import RECOVERED
from runtime.lines import json_line, state_line, text_line
from runtime.live import Event, LiveSource
from runtime.selftest import selftest
from runtime.sources import has_video, is_live, open_source, redacted
from runtime.stats import Stats
from runtime.watch import Answer, Output, Watcher, looker, stored_events
from runtime.worker import Worker, line_writer

WAITING_LINES = 1000  # for a terminal or a pipe that does not take them


class Stop:
    """Asked for by SIGINT or SIGTERM; whoever waits, looks here now and then."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        return self.asked

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


class Lines:
    """Standard output: a line a change, or JSON for every frame. Standard error: changes of state."""

    def __init__(self, json: bool, live: bool, stop: Callable[[], bool]) -> None:
        self._json = json
        self._out = Worker(line_writer(1, sys.stdout.encoding), WAITING_LINES, not live, stop)
        self._err = Worker(line_writer(sys.stderr.fileno(), "utf-8"), WAITING_LINES, False, stop)
        self.stats: Stats | None = None

    def note(self, line: str) -> None:
        """A line for a person."""
        self._err.put(line)

    def show(self, answer: Answer) -> None:
        start = time.perf_counter()
        if answer.frame is None or answer.state == RECOVERED:
            self.note(state_line(answer))
        if self._json:
            self._out.put(json_line(answer))
        elif answer.changed and answer.frame is not None:
            self._out.put(text_line(answer))
        if self.stats is not None and answer.frame is not None:
            self.stats.stage("render", (time.perf_counter() - start) * 1000)

    def close(self) -> bool:
        # Both, whether or not the first hangs.
        return all([self._out.close(), self._err.close()])


def main() -> int:
    """Watch the source until it ends, `--count` is reached, or a signal asks to stop; 0 then."""
    options = parse()
    if options.list:
        return _list()
    silence_native_code()
    stop = Stop()
    classifier = load_classifier(options)
    report = selftest(classifier)
    if report.faults and classifier.card.golden:
        raise ModelError(f"self-test failed, nothing is classified: {report.faults[0]}")
    for fault in report.faults:
        note_line(f"warning: {fault}")
    watcher = Watcher(
        redacted(options.source),
        looker(classifier, options.top_k, options.threshold, options.read),
        options.smoothing,
        options.every_frame or not has_video(options.source),
    )
    _watch(options, watcher, stop, f"reading {redacted(options.source)} with {classifier.interpreter.name}")
    if stop():
        note_line("stopped")
    return 0


def _watch(options: Namespace, watcher: Watcher, stop: Stop, greeting: str) -> None:
    live = is_live(options.source)
    source: LiveSource | None = None
    outputs: list[Output] = []

    def opener() -> Iterator[Frame]:
        return open_source(options.source, options.frames)

    try:
        events: Iterator[Event]
        if live:
            source = LiveSource(redacted(options.source), opener, options.give_up)
            events = source.events(stop)
        else:
            events = stored_events(opener(), stop)
        lines = Lines(options.json, live, stop)
        outputs.append(lines)
        if options.stats:
            lines.stats = Stats(lines.note, lambda: source.dropped if source else 0)
            outputs.insert(0, lines.stats)
        events = _greeted(events, lambda: lines.note(f"{greeting}; Ctrl-C ends it"))
        _pump(events, watcher, outputs, options.count, stop)
    finally:
        if source is not None:
            source.close()
        for output in outputs:
            with suppress(OSError):
                output.close()


def _greeted(events: Iterator[Event], greet: Callable[[], None]) -> Iterator[Event]:
    """The same events; a source that cannot be opened is not greeted."""
    for number, event in enumerate(events):
        if number == 0:
            greet()
        yield event


def _pump(
    events: Iterator[Event], watcher: Watcher, outputs: list[Output], count: int | None, stop: Callable[[], bool]
) -> None:
    """Every event to every output, until there are no more or `count` frames were seen."""
    frames = 0
    for event in events:
        answer = watcher.see(event)
        for output in outputs:
            output.show(answer)
        frames += answer.frame is not None
        if frames == count or stop():
            return


def silence_native_code() -> None:
    """Give sys.stderr a descriptor of its own, and send what C++ code writes to the old one nowhere.

    JPEG decoders and drivers complain there about every bad frame, from any thread and for days. DEBUG=1 lets them.
    """
    if os.environ.get("DEBUG") == "1":
        return
    with suppress(OSError, ValueError):  # closed, as a daemon may have it
        sys.stderr.flush()
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _list() -> int:
    from runtime.v4l2 import cameras

    found, problems = cameras()
    for camera in found:
        print("\n  ".join([f"{camera.node}  {camera.name}", *camera.formats]))
    for problem in problems:
        note_line(problem)
    if not found:
        note_line("no camera found; plug one in, or for a camera on the Pi's own connector use csi://0")
    return 0


def _leave(status: int) -> None:
    """End now where a thread hangs in a driver or a full pipe: Python's own end would wait for it, or abort."""
    if any(thread.daemon for thread in threading.enumerate()):
        os._exit(status)


if __name__ == "__main__":
    try:
        run(main)
    except SystemExit as end:
        _leave(end.code if isinstance(end.code, int) else 1)
        raise
