"""Zip files that are damaged, unsafe or too large are refused by the name of the member."""

import stat
import zipfile
from pathlib import Path
from zipfile import ZipInfo

import pytest

from search_spaces.datasets.files import BadFile, Limits, archives
from tests.unit.search_spaces.files.making import zipped


def read_all(path: Path, limits: Limits) -> list[bytes]:
    with archives.opened(path, limits) as archive:
        return [bytes(archive.read(member)) for member in archive.files]


def patched(path: Path, place: int, value: bytes) -> Path:
    """``value`` at that many bytes into the central directory's first entry."""
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02") + place
    data[start : start + len(value)] = value
    path.write_bytes(data)
    return path


def test_members_are_read_in_order(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"b/1": b"one", "a/2": b"two" * 10**6})
    assert read_all(path, Limits()) == [b"one", b"two" * 10**6]


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "C:/a", "a\\..\\b", "c:a"])
def test_names_that_climb_out_are_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", {"fine": b"", name: b"x"})
    with pytest.raises(BadFile) as caught:
        read_all(path, Limits())
    assert caught.value.where == name
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_refused(tmp_path: Path) -> None:
    link = ZipInfo("cats/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadFile, match=r"cats/link\.png: is a link"):
        read_all(tmp_path / "a.zip", Limits())


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "a.zip", {"secret": b"x"}), 8, b"\x01")
    with pytest.raises(BadFile, match="secret: is encrypted"):
        read_all(path, Limits())


def test_other_compressions_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("odd", b"x")
    with pytest.raises(BadFile, match="odd: is compressed by method 14"):
        read_all(tmp_path / "a.zip", Limits())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("twice", b"1")
        archive.writestr("twice", b"2")
    with pytest.raises(BadFile, match="twice: is in the archive twice"):
        read_all(tmp_path / "a.zip", Limits())


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"small": b"x", "bomb": bytes(10**7)})
    assert path.stat().st_size < 20_000
    with pytest.raises(BadFile, match=r"bomb: unfolds to 10,000,001 bytes .* at most 1,000,000"):
        read_all(path, Limits(unpacked_bytes=10**6))


def test_a_bomb_that_lies_about_its_size_unfolds_no_further_than_it_says(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "a.zip", {"bomb": bytes(10**7)}), 24, b"\x64\0\0\0")
    with archives.opened(path, Limits(unpacked_bytes=10**6)) as archive:
        assert archive.files[0].file_size == 100
        with pytest.raises(BadFile, match="bomb: is damaged: Bad CRC"):
            archive.read(archive.files[0])


def test_a_member_shorter_than_it_says_is_refused(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "a.zip", {"short": b"x" * 100}), 24, b"\xff\xff\0\0")
    with pytest.raises(BadFile, match="short: is damaged"):
        read_all(path, Limits())


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {str(number): b"" for number in range(11)})
    with pytest.raises(BadFile, match="11 members; at most 10"):
        read_all(path, Limits(members=10))


def test_a_directory_of_far_too_many_members_is_not_read_at_all(tmp_path: Path) -> None:
    names = {f"{number:0200}": b"" for number in range(6000)}
    with pytest.raises(BadFile, match="directory is too large for 10 members"):
        read_all(zipped(tmp_path / "a.zip", names), Limits(members=10))


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all" * 100])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(BadFile, match="is no zip archive, as "):
        read_all(tmp_path / "a.zip", Limits())
