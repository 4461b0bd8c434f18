"""What is sealed stays provable through crashes, full disks, clearing and deletion; what is changed is named."""

import base64
import hashlib
import json
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vision.durable
import vision.seal
from vision.findings import VerifyReport
from vision.keys import SigningKey, load_or_make
from vision.seal import Chain, SealProblem
from vision.verify import NothingToVerify, verify

RECORD = {"violation": {"camera_id": "湖滨南路 12", "key": "motor_vehicle_parking"}, "why": "stood for 312 s"}
CLEARED = {"cleared_s": 412.0}
PICTURES = {"cleared.jpg": b"\xff\xd8 an empty kerb"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return load_or_make(tmp_path_factory.mktemp("key") / "signing.key")[0]


@pytest.fixture(scope="module")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return load_or_make(tmp_path_factory.mktemp("other") / "signing.key")[0]


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return tmp_path / "results" / "evidence"


def stage(evidence: Path, id: str) -> Path:
    staging = evidence / f".staging-{id}"
    staging.mkdir(parents=True, exist_ok=True)
    (staging / "onset.jpg").write_bytes(b"\xff\xd8 a car stops " + id.encode())
    (staging / "trigger.jpg").write_bytes(b"\xff\xd8 the car still stands " + id.encode())
    (staging / "clip.mp4").write_bytes(b"\x00\x00\x00 moving pictures " + id.encode())
    return staging


def publish(chain: Chain, evidence: Path, id: str) -> Path:
    chain.publish(stage(evidence, id), evidence / id, RECORD)
    return evidence / id


def a_morning(evidence: Path, key: SigningKey) -> Chain:
    """Three cars: one drove away, one still stands, the evidence of the third was deleted after a month."""
    chain = Chain(evidence, key, now=lambda: datetime(2026, 5, 1, 8, tzinfo=UTC))
    for id in ("car-1", "car-2", "car-3"):
        publish(chain, evidence, id)
    chain.clear(evidence / "car-1", CLEARED, PICTURES)
    chain.clear(evidence / "car-3", CLEARED, PICTURES)
    chain.bury(evidence / "car-3", reason="kept for 30 days", by="retention")
    return chain


def named(report: VerifyReport) -> set[str]:
    return {finding.path for finding in report.findings}


def test_what_was_sealed_verifies_and_says_how_much_it_is(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    for path in (evidence, evidence.parent):
        report = verify(path, key.public)
        assert report.ok, report.lines()
        assert (report.evidence, report.cleared, report.buried, report.files) == (2, 1, 1, 7)
        assert report.lines()[-1] == f"Intact, signed by key {key.fingerprint}."
    alone = verify(evidence / "car-1", key.public)
    assert alone.ok
    assert (alone.evidence, alone.cleared, alone.files) == (1, 1, 4)


def test_the_report_is_plain_json(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    (evidence / "car-2" / "clip.mp4").write_bytes(b"another film")
    values = json.loads(json.dumps(verify(evidence, key.public).to_dict()))
    assert values["ok"] is False
    assert values["chain"]["records"] == 6
    assert [finding["path"] for finding in values["findings"]] == ["car-2/clip.mp4"]


def test_a_manifest_says_what_was_sealed_and_reads_well(evidence: Path, key: SigningKey) -> None:
    folder = publish(Chain(evidence, key), evidence, "car-1")
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    manifest = json.loads(text)
    assert manifest["record"] == RECORD
    assert "湖滨南路 12" in text
    assert (manifest["schema_version"], manifest["id"], manifest["sequence"], manifest["previous"]) == (
        1,
        "car-1",
        0,
        None,
    )
    clip = (folder / "clip.mp4").read_bytes()
    assert manifest["files"]["clip.mp4"] == {"sha256": hashlib.sha256(clip).hexdigest(), "bytes": len(clip)}
    assert sorted(manifest["files"]) == ["clip.mp4", "onset.jpg", "trigger.jpg"]


def test_the_seal_can_be_checked_by_hand(evidence: Path, key: SigningKey, tmp_path: Path) -> None:
    folder = publish(Chain(evidence, key), evidence, "car-1")
    (tmp_path / "machine.pub").write_bytes(key.public.pem)
    (tmp_path / "signature").write_bytes(base64.b64decode((folder / "manifest.sig").read_bytes()))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "machine.pub", "-rawin", "-sigfile", "signature"]
    try:
        done = subprocess.run([*command, "-in", str(folder / "manifest.json")], cwd=tmp_path, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    assert done.returncode == 0, done.stderr


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(choice=st.data())
def test_one_changed_bit_in_any_sealed_file_is_named(tmp_path: Path, key: SigningKey, choice: Any) -> None:
    evidence = tmp_path / "evidence"
    if not evidence.exists():
        a_morning(evidence, key)
    files = sorted(file for file in evidence.rglob("*") if file.is_file() and not file.name.startswith("."))
    assert len(files) == 16
    file = choice.draw(st.sampled_from(files))
    before = file.read_bytes()
    changed = bytearray(before)
    changed[choice.draw(st.integers(0, len(before) - 1))] ^= 1 << choice.draw(st.integers(0, 7))
    file.write_bytes(changed)
    try:
        report = verify(evidence, key.public)
        assert report.exit_code == 1
        assert file.relative_to(evidence).as_posix() in named(report), report.lines()
        if file.parent != evidence:
            alone = verify(file.parent, key.public)
            assert alone.exit_code == 1
            assert file.name in named(alone), alone.lines()
    finally:
        file.write_bytes(before)


def test_a_folder_that_was_carried_away_alone_still_names_what_was_changed(
    evidence: Path, key: SigningKey, tmp_path: Path
) -> None:
    carried = shutil.copytree(publish(Chain(evidence, key), evidence, "car-1"), tmp_path / "usb" / "car-1")
    assert verify(carried, key.public).ok
    for name in ("manifest.json", "manifest.sig", "onset.jpg"):
        before = (carried / name).read_bytes()
        (carried / name).write_bytes(before[:9] + bytes([before[9] ^ 1]) + before[10:])
        report = verify(carried, key.public)
        assert report.exit_code == 1
        assert name in "\n".join(report.lines())
        (carried / name).write_bytes(before)


def test_missing_and_added_files_are_named(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    (evidence / "car-1" / "cleared.jpg").unlink()
    (evidence / "car-2" / "onset.jpg").unlink()
    (evidence / "car-2" / "note.txt").write_text("do not dispatch")
    (evidence / "planted.txt").touch()
    found = {(finding.path, finding.what) for finding in verify(evidence.parent, key.public).findings}
    assert found == {
        ("evidence/car-1/cleared.jpg", "missing"),
        ("evidence/car-2/onset.jpg", "missing"),
        ("evidence/car-2/note.txt", "extra"),
        ("evidence/planted.txt", "extra"),
    }


def test_a_link_to_a_copy_is_not_the_sealed_file(evidence: Path, key: SigningKey, tmp_path: Path) -> None:
    clip = publish(Chain(evidence, key), evidence, "car-1") / "clip.mp4"
    (tmp_path / "copy.mp4").write_bytes(clip.read_bytes())
    clip.unlink()
    clip.symlink_to(tmp_path / "copy.mp4")
    assert named(verify(evidence, key.public)) == {"car-1/clip.mp4"}


def test_a_deleted_folder_is_missed_unless_a_tombstone_speaks_for_it(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    shutil.rmtree(evidence / "car-2")
    assert [(f.path, f.what) for f in verify(evidence, key.public).findings] == [("car-2", "missing")]
    (evidence / "car-3.tombstone.json").unlink()
    assert {"car-2", "car-3", "car-3.tombstone.json"} <= named(verify(evidence, key.public))


def test_a_lost_clearing_is_missed(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    for name in ("cleared.json", "cleared.sig", "cleared.jpg"):
        (evidence / "car-1" / name).unlink()
    assert named(verify(evidence, key.public)) == {"car-1/cleared.json"}


def test_evidence_under_another_name_is_noticed(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    (evidence / "car-2").rename(evidence / "car-9")
    assert {"car-9/manifest.json", "car-2"} <= named(verify(evidence, key.public))


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[:2] + lines[3:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines, b'{"sequence": 6}\n'],
        lambda lines: [*lines, b"\xff\x00\n"],
        lambda lines: [*lines, b"[" * 100_000 + b"\n"],
        lambda _lines: [],
    ],
    ids=["shortened", "gap", "reordered", "repeated", "foreign", "binary", "deep", "emptied"],
)
def test_an_edited_chain_is_named(evidence: Path, key: SigningKey, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    a_morning(evidence, key)
    chain = evidence / "chain.jsonl"
    chain.write_bytes(b"".join(edit(chain.read_bytes().splitlines(keepends=True))))
    assert "chain.jsonl" in named(verify(evidence, key.public))


def test_a_lost_chain_is_named_and_is_written_again_from_the_signed_records(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    before = (evidence / "chain.jsonl").read_bytes()
    (evidence / "chain.jsonl").unlink()
    assert named(verify(evidence.parent, key.public)) == {"evidence/chain.jsonl"}
    Chain(evidence, key)
    assert (evidence / "chain.jsonl").read_bytes() == before
    assert verify(evidence, key.public).ok


def test_whoever_signs_anew_with_his_own_key_is_found_out(
    evidence: Path, key: SigningKey, other_key: SigningKey
) -> None:
    a_morning(evidence, other_key)
    report = verify(evidence, key.public)
    assert report.exit_code == 1
    assert {finding.what for finding in report.findings} == {"key"}
    assert f"signed by key {other_key.fingerprint}" in report.lines()[2]


def test_without_a_trusted_key_intact_is_not_enough(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    report = verify(evidence, None)
    assert report.exit_code == 2
    assert report.lines()[-1].startswith(f"Intact, but signed by unknown key {key.fingerprint}; give --public-key")
    (evidence / "car-1" / "clip.mp4").write_bytes(b"another film")
    assert verify(evidence, None).exit_code == 1


def test_a_planted_folder_with_a_key_of_its_own_is_noticed_even_without_a_trusted_key(
    evidence: Path, key: SigningKey, other_key: SigningKey, tmp_path: Path
) -> None:
    a_morning(evidence, key)
    shutil.copytree(publish(Chain(tmp_path / "his", other_key), tmp_path / "his", "car-7"), evidence / "car-7")
    assert named(verify(evidence, None)) == {"chain.jsonl"}


def test_results_without_violations_verify(tmp_path: Path, key: SigningKey) -> None:
    Chain(tmp_path / "results" / "evidence", key)
    report = verify(tmp_path / "results", None)
    assert report.ok
    assert report.lines()[-1] == "Nothing is sealed here, and nothing is missing."


def test_a_path_that_holds_no_evidence_is_refused_in_words(tmp_path: Path, key: SigningKey) -> None:
    with pytest.raises(NothingToVerify, match="not a folder"):
        verify(tmp_path / "nowhere", key.public)
    with pytest.raises(NothingToVerify, match=r"neither manifest\.json"):
        verify(tmp_path, key.public)


def test_a_file_name_cannot_write_on_the_terminal(evidence: Path, key: SigningKey) -> None:
    publish(Chain(evidence, key), evidence, "car-1")
    (evidence / "car-1" / "\x1b[2Jintact").touch()
    assert "\x1b" not in "".join(verify(evidence, key.public).lines())


def test_the_next_run_goes_on_with_the_chain(evidence: Path, key: SigningKey) -> None:
    publish(Chain(evidence, key), evidence, "car-1")
    chain = Chain(evidence, key)
    publish(chain, evidence, "car-2")
    assert chain.head is not None
    assert chain.head.sequence == 1
    assert verify(evidence, key.public).ok


def test_evidence_can_be_checked_while_more_is_sealed(
    evidence: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = a_morning(evidence, key)
    listing = Path.iterdir

    def seal_meanwhile(folder: Path) -> Any:
        """Another car is sealed after the chain was read and before the folders are, and one more after that."""
        monkeypatch.setattr(Path, "iterdir", listing)
        publish(chain, evidence, "car-10")
        names = list(listing(folder))
        publish(chain, evidence, "car-11")
        return names

    monkeypatch.setattr(Path, "iterdir", seal_meanwhile)
    report = verify(evidence, key.public)
    assert report.ok, report.lines()


def test_two_programs_take_turns_on_one_chain(evidence: Path, key: SigningKey) -> None:
    worker, retention = Chain(evidence, key), Chain(evidence, key)
    publish(worker, evidence, "car-1")
    retention.bury(evidence / "car-1", reason="by order", by="office")
    publish(worker, evidence, "car-2")
    assert verify(evidence, key.public).ok
    assert sorted(path.name for path in evidence.glob("car*")) == [
        "car-1.tombstone.json",
        "car-1.tombstone.sig",
        "car-2",
    ]


def test_another_key_does_not_continue_a_chain(evidence: Path, key: SigningKey, other_key: SigningKey) -> None:
    a_morning(evidence, key)
    with pytest.raises(SealProblem, match=f"begun with key {key.fingerprint}"):
        Chain(evidence, other_key)


def test_a_chain_with_a_changed_line_is_not_continued(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    chain = evidence / "chain.jsonl"
    chain.write_bytes(chain.read_bytes().replace(b'"sequence":2', b'"sequence":7'))
    with pytest.raises(SealProblem, match="line 3 does not follow"):
        Chain(evidence, key)
    chain.write_bytes(b"hello\n")
    with pytest.raises(SealProblem, match="line 1 is not an entry"):
        Chain(evidence, key)


def test_doing_everything_again_changes_nothing(evidence: Path, key: SigningKey) -> None:
    a_morning(evidence, key)
    before = {path: path.read_bytes() for path in evidence.rglob("*") if path.is_file()}
    a_morning(evidence, key)  # as a restart replays its journal
    assert {path: path.read_bytes() for path in evidence.rglob("*") if path.is_file()} == before
    assert not list(evidence.glob(".staging*"))


def test_changed_evidence_is_never_written_again(evidence: Path, key: SigningKey) -> None:
    chain = Chain(evidence, key)
    folder = publish(chain, evidence, "car-1")
    (folder / "clip.mp4").write_bytes(b"another film")
    staging = stage(evidence, "car-1")
    with pytest.raises(SealProblem, match=r"clip\.mp4"):
        chain.publish(staging, folder, RECORD)
    with pytest.raises(SealProblem, match=r"clip\.mp4"):
        chain.clear(folder, CLEARED, PICTURES)
    assert (folder / "clip.mp4").read_bytes() == b"another film"
    shutil.rmtree(folder)
    with pytest.raises(SealProblem, match="not there"):
        chain.publish(staging, folder, RECORD)


def test_what_is_in_the_way_is_named(evidence: Path, key: SigningKey, tmp_path: Path) -> None:
    chain = Chain(evidence, key)
    (evidence / "car-1").mkdir()
    with pytest.raises(SealProblem, match="move it away"):
        publish(chain, evidence, "car-1")
    for act in (
        lambda: chain.clear(evidence / "car-2", CLEARED, PICTURES),
        lambda: chain.bury(evidence / "car-2", "", ""),
    ):
        with pytest.raises(SealProblem, match="not in the chain"):
            act()
    with pytest.raises(ValueError, match="no evidence folder in"):
        chain.publish(stage(evidence, "x"), tmp_path / "x", RECORD)
    staging = stage(evidence, "car-2")
    (staging / "more").mkdir()
    with pytest.raises(ValueError, match="no plain file"):
        chain.publish(staging, evidence / "car-2", RECORD)


@pytest.mark.parametrize("name", ["trigger.jpg", "manifest.json", "cleared.sig", "../clip.mp4"])
def test_a_clearing_cannot_replace_what_is_sealed(evidence: Path, key: SigningKey, name: str) -> None:
    chain = Chain(evidence, key)
    folder = publish(chain, evidence, "car-1")
    with pytest.raises(ValueError, match="a cleared picture needs"):
        chain.clear(folder, CLEARED, {name: b"an empty kerb"})
    assert verify(evidence, key.public).ok


class PowerCut(BaseException):
    """Ends the program where it stands: no error handler of ours runs."""


@contextmanager
def power_cut_before_step(monkeypatch: pytest.MonkeyPatch, step: int, torn: bool) -> Iterator[list[str]]:
    """Every write, rename, removal and sync of the seal is a step. ``torn``: an append gets half of its bytes out."""
    steps: list[str] = []

    def cut(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def act_or_stop(*args: Any) -> Any:
            steps.append(name)
            if len(steps) > step:
                if torn and name == "append_durably":
                    vision.durable.append_durably(args[0], args[1][: len(args[1]) // 2])
                raise PowerCut
            return act(*args)

        return act_or_stop

    with monkeypatch.context() as patch:
        for name in ("write_durably", "append_durably", "sync_folder"):
            patch.setattr(vision.seal, name, cut(name, getattr(vision.durable, name)))
        patch.setattr(Path, "rename", cut("rename", Path.rename))
        patch.setattr(shutil, "rmtree", cut("rmtree", shutil.rmtree))
        yield steps


@pytest.mark.parametrize("torn", [False, True], ids=["clean", "torn"])
@pytest.mark.parametrize("operation", ["publish", "clear", "bury"])
def test_a_power_cut_at_any_step_is_made_up_for_by_the_next_start(
    tmp_path: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch, operation: str, torn: bool
) -> None:
    def act(chain: Chain, evidence: Path) -> None:
        if operation == "publish":
            publish(chain, evidence, "car-9")
        elif operation == "clear":
            chain.clear(evidence / "car-2", CLEARED, PICTURES)
        else:
            chain.bury(evidence / "car-1", reason="kept for 30 days", by="retention")

    for step in range(100):
        evidence = tmp_path / str(step) / "evidence"
        chain = a_morning(evidence, key)
        with power_cut_before_step(monkeypatch, step, torn) as steps:
            try:
                act(chain, evidence)
            except PowerCut:
                pass
            else:
                assert step >= 4
                return
        for survivor in (Chain(evidence, key), chain):  # the next start, and a program that went on running
            act(survivor, evidence)
            report = verify(evidence, key.public)
            assert report.ok, (steps, report.lines())
        publish(chain, evidence, "car-10")
        assert verify(evidence, key.public).ok
    pytest.fail("the operation never ended")


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """A disk that is full: the system refuses to make any file of this process longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".chain.lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("where", ["the record", "the chain"])
def test_a_full_disk_leaves_nothing_half_done(evidence: Path, key: SigningKey, where: str) -> None:
    chain = a_morning(evidence, key)
    for number in range(10, 20):
        publish(chain, evidence, f"car-{number}")
    staging = stage(evidence, "car-99")
    before = contents(evidence)
    limit = 100 if where == "the record" else (evidence / "chain.jsonl").stat().st_size + 100
    for act in (
        lambda: chain.publish(staging, evidence / "car-99", RECORD),
        lambda: chain.clear(evidence / "car-2", CLEARED, PICTURES),
        lambda: chain.bury(evidence / "car-1", reason="kept for 30 days", by="retention"),
    ):
        with no_file_longer_than(limit), pytest.raises(OSError, match="too large"):
            act()
        assert contents(evidence) == before
        assert verify(evidence, key.public).ok
        act()  # there is room again
        assert verify(evidence, key.public).ok
        before = contents(evidence)
