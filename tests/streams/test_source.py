"""Names of sources: in the order people expect, and without their secrets."""

from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.source import Segment, is_url, natural_order, redact

secret = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=4, max_size=16)


def hides(shown: str, *secrets: str) -> bool:
    return not any(s in shown for s in secrets)


@given(secret, secret, st.sampled_from(["rtsp", "http", "https", "rtmp"]), st.booleans())
def test_no_user_and_no_password_of_a_url_is_shown(user: str, password: str, scheme: str, encoded: bool) -> None:
    rest = "10.0.0.7:554/Streaming/1"
    assume(hides(f"could not open {scheme}://***@{rest}: refused", user, password))
    user_, password_ = (quote(user, safe=""), quote(password, safe="")) if encoded else (user, password)
    shown = redact(f"could not open {scheme}://{user_}:{password_}@{rest}: refused")
    assert shown == f"could not open {scheme}://***@{rest}: refused"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "pwd",
        "passwd",
        "token",
        "access_token",
        "api_key",
        "user",
        "username",
        "loginpas",
        "X-Amz-Signature",
    ],
)
@given(value=st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="&;#@"), min_size=4))
def test_no_secret_of_a_query_is_shown(name: str, value: str) -> None:
    assume(value not in f"http://cam.example/video?channel=1&{name}=***&subtype=0")
    shown = redact(f"http://cam.example/video?channel=1&{name}={value}&subtype=0")
    assert shown == f"http://cam.example/video?channel=1&{name}=***&subtype=0"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://admin@10.0.0.7/1", "rtsp://***@10.0.0.7/1"),
        ("rtsp://admin:p@ss/w:rd@10.0.0.7/1", "rtsp://***@10.0.0.7/1"),
        ("RTSP://ADMIN:GEHEIM@10.0.0.7/1", "RTSP://***@10.0.0.7/1"),
        ("rtsp://10.0.0.7:554/user=admin_password=tlJwpbo6_channel=1", "rtsp://10.0.0.7:554/user=***"),
        (
            "http://relay/?src=rtsp%3A%2F%2Fadmin%3Asecret%4010.0.0.7%2F1",
            "http://relay/?src=rtsp%3A%2F%2F***%4010.0.0.7%2F1",
        ),
        ("rtsp://a:b@one/1 and rtsp://c:d@two/2", "rtsp://***@one/1 and rtsp://***@two/2"),
        ("rtsp://10.0.0.7:554/Streaming/Channels/101?channel=1&subtype=0", None),
        ("https://github.example/camera/issues/12", None),
    ],
)
def test_urls_as_cameras_have_them(text: str, shown: str | None) -> None:
    assert redact(text) == (text if shown is None else shown)


@given(st.text().filter(lambda t: "://" not in t and "%3a%2f%2f" not in t.lower()))
def test_text_without_urls_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_a_segments_name_is_for_people() -> None:
    assert Segment("rtsp://me:secret@cam/1").name == "rtsp://***@cam/1"
    assert Segment("clips/a@b.mp4").name == "clips/a@b.mp4"


def test_what_is_a_url() -> None:
    assert is_url("rtsp://cam/1")
    assert not is_url("clips/12:30:00.mp4")
    assert not is_url("file:///clips/a.mp4")


def test_nine_comes_before_ten() -> None:
    assert sorted(["p10", "p9", "p1a", "p1"], key=natural_order) == ["p1", "p1a", "p9", "p10"]


@given(st.lists(st.text(st.characters() | st.sampled_from("0123456789²٣四"))))
def test_any_names_can_be_ordered(names: list[str]) -> None:
    assert len(sorted(names, key=natural_order)) == len(names)
