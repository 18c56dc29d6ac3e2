"""docs/hooks.py: what the site asks of the project when it is built."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests.docs.blocks import ROOT


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_help_is_what_the_command_prints(hooks: ModuleType) -> None:
    page = hooks.on_page_markdown("# A\n\n<!-- help: python -m runtime.selftest -->\n")
    assert page.startswith("# A\n\n```text\nusage: ")
    assert "--num-threads N" in page
    assert page.endswith("```\n")


def test_a_command_that_fails_fails_the_build(hooks: ModuleType) -> None:
    with pytest.raises(RuntimeError, match=r"runtime\.nothing -h: exit status 1"):
        hooks.help_text("python -m runtime.nothing")


def test_links_of_an_included_file_fit_the_site(hooks: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = "[a](docs/how-to/deploy.md) [`LICENSE`](LICENSE) [license](LICENSE) [b](https://example.org/)"
    (tmp_path / "PAGE.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(hooks, "ROOT", tmp_path)
    shown = hooks.on_page_markdown("<!-- include: PAGE.md -->\n")
    assert shown == "[a](how-to/deploy.md) `LICENSE` license (`LICENSE`) [b](https://example.org/)\n"


def test_a_file_is_shown_as_it_is(hooks: ModuleType) -> None:
    shown = hooks.on_page_markdown("<!-- file: examples/classify_folder.py -->\n")
    text = (ROOT / "examples/classify_folder.py").read_text(encoding="utf-8")
    assert shown == f'```python title="examples/classify_folder.py"\n{text}```\n'
