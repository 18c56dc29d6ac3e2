"""Folders and patterns: every picture once, in natural order, and nothing that is not a picture."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from runtime.image.files import IMAGE_SUFFIXES, expand
from runtime.image.listing import matches, natural, pictures_in
from tests.runtime.image import made


@pytest.mark.parametrize("name", ["5\u00b26.png", "1\u2460" + "2.png", "\u0663.png", "9" * 200 + ".png", "a-1b2c3", ""])
def test_any_name_has_its_place(name: str) -> None:
    assert sorted(["img10.png", name, "img2.png"], key=natural).index("img2.png") < 2
    assert sorted(["img10", "img2", name], key=natural) == sorted([name, "img2", "img10"], key=natural)


def test_what_a_folder_shows(tmp_path: Path) -> None:
    data = made.pil(made.scene(), "PNG")
    for name in ("a.PNG", "b.jfif", "c.jp2", "d.heic", "photo", "f.pam", ".hidden.png", "notes.txt", "video.mp4"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "README").write_text("a text")
    (tmp_path / "sub.png").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "circle.png").symlink_to(tmp_path / "circle.png")
    names, folders = pictures_in(str(tmp_path), IMAGE_SUFFIXES)
    assert names == ["a.PNG", "b.jfif", "c.jp2", "circle.png", "d.heic", "f.pam", "photo"]
    assert folders == 2


def test_links_to_the_parent_are_followed_once(tmp_path: Path) -> None:
    data = made.pil(made.scene(), "PNG")
    inner = tmp_path / "one" / "two"
    inner.mkdir(parents=True)
    for number, folder in enumerate((tmp_path, tmp_path / "one", inner)):
        (folder / f"{number}.png").write_bytes(data)
        (folder / "up").symlink_to(tmp_path, target_is_directory=True)
        (folder / "again").symlink_to(tmp_path / "one", target_is_directory=True)
    found = matches(f"{tmp_path}/**/*.png")
    assert sorted(Path(path).name for path in found) == ["0.png", "1.png", "2.png"]
    assert sorted(Path(path).name for path in matches(f"{tmp_path}/**/**/*.png")) == ["0.png", "1.png", "2.png"]


def test_patterns_as_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("img10.png", "img2.png", "x.txt", ".img3.png", "sub/img1.png", ".git/img4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert matches("img*.png") == ["img2.png", "img10.png"]
    assert matches("*/img?.png") == ["sub/img1.png"]
    assert matches("**/*.png") == ["img2.png", "img10.png", "sub/img1.png"]
    assert matches(".*.png") == [".img3.png"]
    assert matches("nowhere/*.png") == matches("*.jpg") == []
    assert matches(f"{tmp_path}/[ix]*") == [f"{tmp_path}/{name}" for name in ("img2.png", "img10.png", "x.txt")]


def test_a_large_folder_is_listed_in_little_memory(tmp_path: Path) -> None:
    for number in range(2000):
        os.close(os.open(tmp_path / f"img{number}.png", os.O_CREAT))
    tracemalloc.start()
    assert sum(1 for _ in expand([str(tmp_path)])) == 2000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2000 * 1500  # bytes; about 1,030 for each name, and what else is traced meanwhile


def test_subfolders_are_said(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.png").write_bytes(made.by_opencv(".png", np.zeros((2, 2), np.uint8)))
    said: list[str] = []
    assert list(expand([str(tmp_path)], lambda kind, text: said.append(f"{kind}: {text}"))) == [str(tmp_path / "a.png")]
    assert said == [
        f"subfolders: {tmp_path}: its subfolders are not searched; a pattern does that: '{tmp_path}/**/*.jpg'"
    ]
