"""What a URL says about how it is to be opened."""

import pytest

from streams.protocols import CONNECT_S, learnt, protocol_of

HALF_A_SECOND = "500000"


@pytest.mark.parametrize(
    "url",
    [
        "rtmp://10.0.0.1/live/gate",
        "rtmps://10.0.0.1/live/gate",
        "http://10.0.0.1/live/gate.flv",
        "http://10.0.0.1/live/gate.live.flv?token=a.ts",
        "https://10.0.0.1/x?port=1935&app=live&stream=gate",
    ],
)
def test_flv_is_known_by_its_url(url: str) -> None:
    assert protocol_of(url).options["analyzeduration"] == HALF_A_SECOND


@pytest.mark.parametrize("url", ["http://10.0.0.1/live", "http://10.0.0.1/gate.ts?from=a.flv", "udp://239.1.1.1:1234"])
def test_what_is_not_known_to_be_flv_is_looked_at_until_its_format_is_known(url: str) -> None:
    assert float(protocol_of(url).options["analyzeduration"]) / 1e6 < CONNECT_S - 4


def test_flv_that_its_url_does_not_tell_is_opened_quickly_the_second_time() -> None:
    general = protocol_of("http://10.0.0.1/live")
    assert learnt(general, "mpegts") is general
    assert learnt(general, "flv").options["analyzeduration"] == HALF_A_SECOND


def test_hls_is_waited_for_longer_because_it_comes_in_segments() -> None:
    hls = protocol_of("https://10.0.0.1/live/gate.M3U8?token=1")
    assert hls.segmented
    assert hls.stall_s > protocol_of("rtsp://10.0.0.1/").stall_s
    assert hls.interrupt_s is not None
    assert hls.interrupt_s > hls.give_up_s > hls.stall_s


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp"])
def test_certificates_that_cameras_sign_themselves_are_taken_whatever_ffmpegs_default(scheme: str) -> None:
    assert protocol_of(f"{scheme}://10.0.0.1/x").options["tls_verify"] == "0"
