"""python -m runtime.camera: say what a camera, a stream or a video shows."""

from __future__ import annotations

import os
import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import FrameType

from runtime.board.systemd import Notifier
from runtime.classifier import Classifier
from runtime.cli.camera_options import parse
from runtime.cli.options import load_classifier
from runtime.cli.parser import print_note, run
from runtime.cli.printing import print_lines
from runtime.errors import ModelError
from runtime.native import silence_native_code
from runtime.outputs.base import Output, OutputContext
from runtime.outputs.console import Log
from runtime.outputs.registry import open_outputs
from runtime.proof import selftest
from runtime.redaction import redacted
from runtime.sources.base import Frame
from runtime.sources.registry import has_video, is_live, open_source
from runtime.stream.live import LiveSource, SourceEvent, stored_events
from runtime.stream.watcher import StreamClassifier, frame_classifier
from runtime.text import printable


class Stop:
    """Whether the run is to end: SIGINT, SIGTERM, SIGHUP or an output requests it. Asking has no effect.

    Attributes:
        ordered: True where SIGTERM or SIGHUP came: the run was ended from outside, which is no failure.
        hung_up: True where SIGHUP came: the terminal is gone, and nobody reads what is printed.
    """

    def __init__(self) -> None:
        """Take over the signals, but for a SIGHUP that is ignored already (nohup)."""
        self._requested = False
        self.ordered = self.hung_up = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def __call__(self) -> bool:
        """Tell whether the end was requested.

        Returns:
            True from the first request on.
        """
        return self._requested

    def request(self) -> None:
        """Request the end of the run, as a signal does."""
        self._requested = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.ordered |= number != signal.SIGINT
        self.hung_up |= number == signal.SIGHUP
        self.request()


def main() -> int:
    """Watch the source until it ends, `--count` is reached, or a signal or an output requests the end.

    Returns:
        The exit status: 1 where an output failed, unless SIGTERM or SIGHUP ended the run; otherwise 0.

    Raises:
        EdgeError: The model, the source or an output cannot be opened, or the self-test fails.
    """
    options = parse()
    if options.list:
        return _list_cameras()
    silence_native_code()
    stop = Stop()
    classifier = _tested_classifier(options)
    notifier = Notifier()
    greeting = f"reading {redacted(options.source)} with {classifier.interpreter.name}"
    notifier.ready(greeting)
    failed = _watch(options, _stream_classifier(options, classifier), stop, notifier, f"{greeting}; Ctrl-C ends it")
    notifier.stopping()
    if stop() and not stop.hung_up:
        print_note("stopped")
    return 1 if failed and not stop.ordered else 0


def _tested_classifier(options: Namespace) -> Classifier:
    """The classifier, after it has answered the model's golden vectors as it must."""
    classifier = load_classifier(options)
    report = selftest(classifier)
    if report.faults and (classifier.card.golden or classifier.card.golden_pictures):
        raise ModelError(f"self-test failed, nothing is classified: {report.faults[0]}")
    for fault in () if classifier.note else report.faults:  # the note says that there is no card
        print_note(f"warning: {fault}")
    return classifier


def _stream_classifier(options: Namespace, classifier: Classifier) -> StreamClassifier:
    return StreamClassifier(
        redacted(options.source),
        frame_classifier(classifier, options.top_k, options.threshold, options.read),
        options.smoothing,
        options.every_frame or not has_video(options.source),
    )


def _watch(options: Namespace, stream: StreamClassifier, stop: Stop, notifier: Notifier, greeting: str) -> bool:
    """Open the source and the outputs, send every update to every output, and close them all.

    True where an output failed.
    """
    source = _open(options)
    log = Log(stop)
    context = _context(options, source, log, stop)
    outputs: list[Output] = []

    def on_turn() -> None:
        notifier.alive()
        context.process_events()

    try:
        for output in open_outputs(options, context):
            outputs.insert(0, output)
        events = _greeted(_events(source, stop, on_turn, context), greeting)
        _pump(events, stream, outputs, options.count, stop)
    finally:
        context.each_turn.clear()  # a window that is being closed has no more events
        _close(source, outputs, log)
    return bool(context.failures)


def _open(options: Namespace) -> LiveSource | Iterator[Frame]:
    """A source that is read in a thread of its own, or the frames of a file."""

    def opener() -> Iterator[Frame]:
        return open_source(options.source, options.frames)

    if not is_live(options.source):
        return opener()
    return LiveSource(redacted(options.source), opener, options.give_up, stale_s=options.stale_after)


def _context(options: Namespace, source: LiveSource | Iterator[Frame], log: Log, stop: Stop) -> OutputContext:
    if isinstance(source, LiveSource):
        return OutputContext(log.write, stop, stop.request, live=True, fps=options.fps, dropped=lambda: source.dropped)
    return OutputContext(log.write, stop, stop.request, live=False, fps=options.fps)


def _events(
    source: LiveSource | Iterator[Frame], stop: Stop, on_turn: Callable[[], None], context: OutputContext
) -> Iterator[SourceEvent]:
    """Events until `stop()`. on_turn is called at every turn, so that a lost camera does not look like a hung loop.

    A picture of a folder that cannot be read is a failure of the run, which goes on.
    """
    if isinstance(source, LiveSource):
        return source.events(stop, on_turn)
    return stored_events(source, stop, on_turn, lambda error: context.fail(str(error)))


def _greeted(events: Iterator[SourceEvent], greeting: str) -> Iterator[SourceEvent]:
    """The same events, and a greeting before the first: a source that cannot be opened is not greeted."""
    for number, event in enumerate(events):
        if number == 0:
            print_note(greeting)  # not by the log, which another thread writes: it might come after the first line
        yield event


def _pump(
    events: Iterator[SourceEvent],
    stream: StreamClassifier,
    outputs: list[Output],
    count: int | None,
    stop: Stop,
) -> None:
    """Send every event's update to every output, until there are no more or `count` frames were seen."""
    frames = 0
    for event in events:
        update = stream.process(event)
        for output in outputs:
            output.emit(update)
        frames += update.frame is not None
        if frames == count or stop():
            return


def _close(source: LiveSource | Iterator[Frame], outputs: list[Output], log: Log) -> None:
    """Release the source, end the outputs, and the log after them: they may write to it. Each gets its turn."""
    with ExitStack() as stack:  # the last one in is the first one out, whatever the others raise
        stack.callback(log.close)
        for output in reversed(outputs):
            stack.callback(output.close)
        if isinstance(source, LiveSource):
            stack.callback(source.close)


def _list_cameras() -> int:
    from runtime.sources.csi import csi_cameras
    from runtime.sources.v4l2 import cameras

    found, problems = cameras()
    lines = ["\n  ".join([f"{camera.node}  {printable(camera.name)}", *camera.formats]) for camera in found]
    lines += csi_cameras()
    for line in lines:
        print_lines(line)
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
