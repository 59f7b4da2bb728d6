"""The folder for trials' files, and what killed workers leave."""

from pathlib import Path

from tuner_service.worker.workspace import workspace


def test_it_is_gone_afterwards(tmp_path: Path) -> None:
    with workspace(tmp_path / "new") as folder:
        (folder / "slot-0").mkdir()
        assert folder.parent == tmp_path / "new"
    assert list((tmp_path / "new").iterdir()) == []


def test_what_a_killed_worker_left_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    left = tmp_path / "tuner-worker-left"
    left.mkdir()
    (left / "lock").touch()
    (left / "model.keras").write_bytes(b"big")
    with workspace(tmp_path) as first, workspace(tmp_path) as second:
        assert not left.exists()
        assert first.exists()
        assert second.exists()
        assert first != second
