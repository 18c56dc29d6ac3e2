"""A real RTSP server, GStreamer's: run by the Python that Debian's python3-gi belongs to, not by pytest's.

    /usr/bin/python3 rtsp_server.py PORT [USER PASSWORD]

It serves /jpeg and /h264, where a user is named to that one alone. Standard input: the path of a JPEG to show
from now on, or an empty line for silence with the connection left open. It prints "ready", and ends with its
input.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

FPS = 40  # FFmpeg looks at some twenty frames before it gives the first
SOURCE = f"( appsrc name=source is-live=true do-timestamp=true format=time caps=image/jpeg,framerate={FPS}/1 "
PACKED = {
    # A key frame every tenth frame: a client that joins late waits for it.
    "/h264": "! jpegdec ! videoconvert ! video/x-raw,format=I420 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 pass=quant quantizer=20 ! rtph264pay name=pay0 )",
    "/jpeg": "! jpegparse ! rtpjpegpay name=pay0 )",
}


class Show:
    """The picture that every stream shows."""

    def __init__(self) -> None:
        self.jpeg: bytes | None = None
        self.sources: list[Gst.Element] = []

    def configured(self, _: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia) -> None:
        """A first client asks for a stream."""
        source = media.get_element().get_by_name_recurse_up("source")
        self.sources.append(source)
        media.connect("unprepared", lambda _: self.sources.remove(source))

    def push(self) -> bool:
        """Called FPS times a second."""
        for source in self.sources if self.jpeg else ():
            source.emit("push-buffer", Gst.Buffer.new_wrapped(self.jpeg))
        return True

    def listen(self) -> None:
        for line in sys.stdin:
            self.jpeg = Path(line.strip()).read_bytes() if line.strip() else None
        loop.quit()


def only_for(user: str, password: str) -> GstRtspServer.RTSPAuth:
    """Lets one user in."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    return auth


Gst.init(None)
loop = GLib.MainLoop()
show = Show()
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
if len(sys.argv) > 2:
    server.set_auth(only_for(*sys.argv[2:]))
for path, packed in PACKED.items():
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(SOURCE + packed)
    factory.set_shared(True)
    may = "user,media.factory.access=(boolean)true,media.factory.construct=(boolean)true"
    factory.add_role_from_structure(Gst.Structure.new_from_string(may))
    factory.connect("media-configure", show.configured)
    server.get_mount_points().add_factory(path, factory)
if not server.attach(None):
    sys.exit(f"port {sys.argv[1]} is taken")
GLib.timeout_add(1000 // FPS, show.push)
threading.Thread(target=show.listen, daemon=True).start()
sys.stdout.write("ready\n")
sys.stdout.flush()
loop.run()
