"""The benchmarks of cases do what they say, small."""

import pytest

from tests.command_line import streetorder


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_pushes_are_counted_and_questions_timed(store: str) -> None:
    pushed = streetorder(
        "benchmark", "pushes", "--store", store, "--clients", "2", "--seconds", "1", "--picture-kb", "4"
    )
    assert pushed.code == 0, pushed.err
    (row,) = pushed.json["pushes"]
    assert (row["store"], row["clients"], row["picture_kb"]) == (store, 2, 4)
    assert 0 < row["p50_ms"] <= row["p99_ms"]
    asked = streetorder("benchmark", "questions", "--store", store, "--cases", "3000")
    assert asked.code == 0, asked.err
    found = asked.json["questions"][store]
    assert found["first page of the queue"]["rows"] > 10
    assert found["summary of a year"]["rows"] == 1
