"""The site as `make docs` builds it: strictly, and readable without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT

pytest.importorskip("mkdocs", reason="the site needs the dependency group docs: make docs")
pytest.importorskip("mkdocstrings", reason="the site needs the dependency group docs: make docs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_built_and_nothing_else_is_published(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 20
    for page in pages:
        assert (site / page).is_file(), page
    assert not (site / "hooks.py").exists()


def test_nothing_is_fetched_from_the_network(site: Path) -> None:
    """A link may lead out; a script, a style, a font or a picture may not."""
    fetched = re.compile(
        r"<(?:script|img|iframe)[^>]*\ssrc=\"?(?:https?:)?//|<link[^>]*rel=\"?(?:stylesheet|preconnect|preload|icon)[^>]*href=\"?(?:https?:)?//"
    )
    for page in site.rglob("*.html"):
        found = fetched.search(page.read_text(encoding="utf-8"))
        assert found is None, f"{page}: {found and found[0]}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_the_reference_shows_the_commands_and_the_api(site: Path) -> None:
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert "<!-- help:" not in commands
    assert "--save-unsure FOLDER" in commands
    assert "--max-accuracy-drop X" in commands
    api = (site / "reference" / "api.html").read_text(encoding="utf-8")
    for name in ("Classifier", "load", "predict", "Prediction", "EdgeError"):
        assert re.search(rf'id="runtime\.[\w.]*{name}"', api), name
