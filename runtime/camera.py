"""python -m runtime.camera: what does the camera, a stream or a video show?"""

from __future__ import annotations

import os
import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

from runtime.board.systemd import Notifier
from runtime.cli.camera_options import parse
from runtime.cli.options import load_classifier
from runtime.cli.parser import print_note, run
from runtime.errors import ModelError
from runtime.native import silence_native_code
from runtime.outputs.base import Output
from runtime.outputs.console import ConsoleOutput
from runtime.outputs.stats import StatsOutput
from runtime.sources.base import Frame
from runtime.sources.network import redacted
from runtime.sources.registry import has_video, is_live, open_source
from runtime.stream.live import LiveSource, SourceEvent, stored_events
from runtime.stream.watcher import StreamClassifier, frame_classifier
from runtime.tflite.golden import selftest


class Stop:
    """Asked for by SIGINT or SIGTERM; whoever waits, looks here now and then."""

    def __init__(self) -> None:
        self.asked = False
        self.process_events: Callable[[], None] = lambda: None  # a window wants to be looked after meanwhile
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        self.process_events()
        return self.asked

    def ask(self) -> None:
        """As a signal does."""
        self.asked = True

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def main() -> int:
    """Watch the source until it ends, `--count` is reached, or a signal asks to stop; 0 then."""
    options = parse()
    if options.list:
        return _list()
    silence_native_code()
    stop = Stop()
    classifier = load_classifier(options)
    report = selftest(classifier.interpreter, classifier.card)
    if report.faults and classifier.card.golden:
        raise ModelError(f"self-test failed, nothing is classified: {report.faults[0]}")
    for fault in report.faults:
        print_note(f"warning: {fault}")
    watcher = StreamClassifier(
        redacted(options.source),
        frame_classifier(classifier, options.top_k, options.threshold, options.read),
        options.smoothing,
        options.every_frame or not has_video(options.source),
    )
    notifier = Notifier()
    greeting = f"reading {redacted(options.source)} with {classifier.interpreter.name}"
    notifier.ready(greeting)
    _watch(options, watcher, stop, greeting, notifier)
    notifier.stopping()
    if stop():
        print_note("stopped")
    return 0


def _watch(options: Namespace, watcher: StreamClassifier, stop: Stop, greeting: str, notifier: Notifier) -> None:
    live = is_live(options.source)
    source: LiveSource | None = None
    outputs: list[Output] = []

    def opener() -> Iterator[Frame]:
        return open_source(options.source, options.frames)

    def turn() -> bool:
        # Asked at every turn of the loop, whether a frame came or not: a lost camera is no hung program.
        notifier.alive()
        return stop()

    try:
        events: Iterator[SourceEvent]
        if live:
            source = LiveSource(redacted(options.source), opener, options.give_up)
            events = source.events(turn)
        else:
            events = stored_events(opener(), turn)
        lines = ConsoleOutput(options.json, live, stop)
        outputs.append(lines)
        if options.stats:
            lines.stats = StatsOutput(lines.note, lambda: source.dropped if source else 0)
            outputs.insert(0, lines.stats)
        for output in _more_outputs(options, live, stop, lines.note):
            outputs.insert(0, output)
        # Not through `lines`, whose first line it might come after: nothing can be waiting to be read yet.
        events = _greeted(events, lambda: print_note(f"{greeting}; Ctrl-C ends it"))
        _pump(events, watcher, outputs, options.count, stop)
    finally:
        stop.process_events = lambda: None
        if source is not None:
            source.close()
        for output in outputs:
            with suppress(OSError):
                output.close()


def _more_outputs(options: Namespace, live: bool, stop: Stop, note: Callable[[str], None]) -> Iterator[Output]:
    """Those that were asked for; what each needs is imported only here."""
    if options.mqtt:
        from runtime.outputs.mqtt import MqttOutput

        yield MqttOutput(options.mqtt, options.discovery, note, options.mqtt_ca)
    if options.record:
        from runtime.outputs.recorder import VideoOutput

        yield VideoOutput(Path(options.record), options.fps, live, note, stop)
    if options.save_unsure:
        from runtime.outputs.recorder import UnsureFramesOutput

        yield UnsureFramesOutput(Path(options.save_unsure), options.max_files, live, note, stop)
    if options.window:
        from runtime.outputs.window import WindowOutput

        window = WindowOutput(stop.ask)
        stop.process_events = window.process_events
        yield window


def _greeted(events: Iterator[SourceEvent], greet: Callable[[], None]) -> Iterator[SourceEvent]:
    """The same events; a source that cannot be opened is not greeted."""
    for number, event in enumerate(events):
        if number == 0:
            greet()
        yield event


def _pump(
    events: Iterator[SourceEvent],
    watcher: StreamClassifier,
    outputs: list[Output],
    count: int | None,
    stop: Callable[[], bool],
) -> None:
    """Every event to every output, until there are no more or `count` frames were seen."""
    frames = 0
    for event in events:
        answer = watcher.process(event)
        for output in outputs:
            output.emit(answer)
        frames += answer.frame is not None
        if frames == count or stop():
            return


def _list() -> int:
    from runtime.sources.csi import csi_cameras
    from runtime.sources.v4l2 import cameras

    found, problems = cameras()
    lines = ["\n  ".join([f"{camera.node}  {camera.name}", *camera.formats]) for camera in found]
    lines += csi_cameras()
    for line in lines:
        print(line)
    for problem in problems:
        print_note(problem)
    if not lines:
        print_note("no camera found; plug one in, or for a camera on the Pi's own connector use csi://0")
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
