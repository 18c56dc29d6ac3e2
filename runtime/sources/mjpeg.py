"""MJPEG, one JPEG after another, over HTTP; and the pictures of a byte stream that are new."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

from runtime.errors import SourceError
from runtime.image.jpeg import decode_jpeg
from runtime.redaction import redacted
from runtime.sources.arrivals import ArrivalFilter
from runtime.sources.base import Frame, SourceOptions, frame_timeout
from runtime.sources.byte_stream import ByteStream
from runtime.sources.http_body import HttpStream
from runtime.sources.http_client import open_url
from runtime.sources.jpeg_stream import JpegSplitter

MAX_DAMAGED = 30  # damaged JPEGs in a row, after which a stream is an error
SNAPSHOT_S = 1.0  # between two requests of a camera that gives one picture for each
PLAYLISTS = ("application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "application/dash+xml")


class _Arrived:
    """A JPEG and when its last byte was read: `at` by the clock that does not go back, `when` since the epoch."""

    def __init__(self, data: bytes, at: float, when: float, index: int) -> None:
        self.data, self.at, self.when, self.index = data, at, when, index


def decode_stream(
    stream: ByteStream, source: str, live: bool = True, clock: Callable[[], float] = time.monotonic
) -> Iterator[Frame]:
    """Decode the JPEGs of a byte stream.

    Args:
        stream: The stream; it is closed when the iterator ends or is closed.
        source: The name for the frames and for errors, without any password.
        live: True to leave out JPEGs that waited in a buffer while nobody read, or while the network stalled. The
            index counts them too. False for a file, of which every frame is given.
        clock: Gives the time in seconds.

    Yields:
        A frame for each JPEG, until the stream ends. Damaged JPEGs are left out.

    Raises:
        SourceError: The stream breaks off or gives nothing in time, there is no whole JPEG in it, or 30 damaged ones
            follow one another.
    """
    try:
        seen = damaged = 0
        for one in _current(stream, source, ArrivalFilter() if live else None, clock):
            seen += 1
            image = decode_jpeg(one.data)
            if image is None:
                damaged += 1
                if damaged >= MAX_DAMAGED:
                    raise SourceError(f"{source}: {damaged} damaged JPEGs in a row")
                continue
            damaged = 0
            age = max(0.0, clock() - one.at)  # more than the decoding, where the process was stopped meanwhile
            yield Frame(image, source, one.index, one.when, age)
            stream.renew()
        if seen == 0:
            raise SourceError(f"{source}: no whole JPEG in it; expected one JPEG after another")
    finally:
        stream.close()


def _current(
    stream: ByteStream, source: str, arrivals: ArrivalFilter | None, clock: Callable[[], float]
) -> Iterator[_Arrived]:
    """The JPEGs that did not wait. One that may have waited is held back, until it turns out to be the newest."""
    splitter = JpegSplitter()
    held: _Arrived | None = None
    index = 0
    while True:
        if arrivals and not stream.is_ready(arrivals.hold_s if held else 0):
            arrivals.nothing_waits(clock())
            if held:
                arrivals.none_followed()
                yield held
                held = None
        piece = _read(stream, source)
        found = list(splitter.feed(piece))
        now, when = clock(), time.time()
        for number, data in enumerate(found, start=1):
            held, index = _Arrived(data, now, when, index), index + 1
            if arrivals is None or arrivals.is_current(now, number < len(found) or stream.is_ready(0)):
                yield held
                held = None
        if not piece:
            if held:
                yield held
            return


def _read(stream: ByteStream, source: str) -> bytes:
    try:
        return stream.read()
    except TimeoutError:
        raise SourceError(f"{source} sends too little: no whole frame in time") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{source} broke off: {error}") from None


def open_http(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open an MJPEG stream over HTTP, or a camera that gives a picture for each request.

    Args:
        text: http:// or https://, with user and password where the camera wants them.
        options: `http_ca`, `insecure` and `stale_s` are used: a stream has a size and a frame rate of its own.

    Returns:
        The frames. The iterator raises SourceError where the stream breaks off or ends.

    Raises:
        SourceError: The connection is refused, the path is wrong, the answer is not MJPEG, or there is none within
            network.CONNECT_TIMEOUT_S.
    """
    name = redacted(text)
    stream = open_url(text, name, options)
    kind = stream.head.kind
    if kind in PLAYLISTS or kind.startswith(("text/", "application/json", "application/xhtml", "video/", "audio/")):
        stream.close()
        raise SourceError(_explain_kind(name, kind))
    if kind.startswith("image/") and kind not in ("image/jpeg", "image/jpg", "image/pjpeg"):
        stream.close()
        raise SourceError(f"{name} gives pictures as {kind}; expected JPEG (image/jpeg) or MJPEG")
    stream.renew(frame_timeout(options))
    return HttpFrames(stream, text, name, options)


def _explain_kind(name: str, kind: str) -> str:
    if kind in PLAYLISTS or kind.startswith(("video/", "audio/")):
        what = "an HLS or DASH playlist" if kind in PLAYLISTS else kind
        return (
            f"{name} is {what}, not MJPEG; name the camera's rtsp:// or MJPEG path, or turn it into MJPEG: "
            "ffmpeg -i URL -f mjpeg - | python -m runtime.camera -"
        )
    return (
        f"{name} is {kind}, not a stream; expected MJPEG (multipart/x-mixed-replace). "
        "The camera's manual has the path, often /video, /stream or /mjpg/video.mjpg"
    )


class HttpFrames:
    """The frames of a stream; where the answer was a single picture, those of one request after another."""

    def __init__(self, stream: HttpStream, text: str, name: str, options: SourceOptions) -> None:
        """Start before the first frame.

        Args:
            stream: The answer, which belongs to this object.
            text: The URL, to ask again for a single picture.
            name: The URL without secrets, for frames and errors.
            options: As for `open_http`.
        """
        self._stream = stream
        self._request = (text, name, options)
        self._frames = self._run()

    def __iter__(self) -> Iterator[Frame]:
        """The iterator itself."""
        return self

    def __next__(self) -> Frame:
        """Wait for the next frame; SourceError where the stream breaks off or ends."""
        return next(self._frames)

    def close(self) -> None:
        """Close the connection; also where no frame was asked for yet, which a generator alone would not do."""
        self._frames.close()
        self._stream.close()

    def _run(self) -> Generator[Frame, None, None]:
        text, name, options = self._request
        is_picture = self._stream.head.kind.startswith("image/")
        index = 0
        while True:
            start = time.monotonic()
            count = 0
            for frame in decode_stream(self._stream, name):
                count = frame.index + 1
                yield replace(frame, index=index + frame.index)
            index += count
            if not is_picture or count > 1:
                raise SourceError(f"{name} ended")
            time.sleep(max(0.0, start + SNAPSHOT_S - time.monotonic()))
            self._stream = open_url(text, name, options)
            self._stream.renew(frame_timeout(options))
