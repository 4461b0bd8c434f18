"""Serves recordings over RTSP with GStreamer's server, which shares no code with ours. Run by the system's Python.

``python3 gst_cameras.py PORT NAME=FILE ...``: H.264 or H.265 in mp4; each client of a path plays from the beginning.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

CODEC = {"h264": "h264", "hevc": "h265"}


def main(port: str, *cameras: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_service(port)
    for camera in cameras:
        name, _, rest = camera.partition("=")
        codec, _, path = rest.partition(":")
        factory = GstRtspServer.RTSPMediaFactory()
        kind = CODEC[codec]
        factory.set_launch(
            f'( filesrc location="{path}" ! qtdemux ! {kind}parse config-interval=-1 ! rtp{kind}pay name=pay0 pt=96 )'
        )
        server.get_mount_points().add_factory(f"/{name}", factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
