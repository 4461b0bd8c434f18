"""What tells whether a recording is still the one that was scored."""

from pathlib import Path

import pytest

from streams.fingerprint import BLOCK, fingerprint


def test_a_copy_is_the_same_and_a_name_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 40_000)
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
    assert fingerprint(str(tmp_path / "a")) == fingerprint(str(tmp_path / "b"))
    assert len(fingerprint(str(tmp_path / "a"))) == 64


@pytest.mark.parametrize("size", [1, BLOCK, BLOCK + 1, 10 * BLOCK])
@pytest.mark.parametrize("at", [0, -1])
def test_a_change_at_either_end_is_noticed(tmp_path: Path, size: int, at: int) -> None:
    data = bytearray(size)
    (tmp_path / "a").write_bytes(data)
    before = fingerprint(str(tmp_path / "a"))
    data[at] = 1
    (tmp_path / "a").write_bytes(data)
    assert fingerprint(str(tmp_path / "a")) != before


def test_a_file_that_grew_is_another(tmp_path: Path) -> None:
    sizes = [0, 1, BLOCK, BLOCK * 40]
    found = set()
    for size in sizes:
        (tmp_path / "a").write_bytes(bytes(size))
        found.add(fingerprint(str(tmp_path / "a")))
    assert len(found) == len(sizes)


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint(str(tmp_path / "gone"))
