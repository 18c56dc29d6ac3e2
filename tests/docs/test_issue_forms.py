"""The forms for issues: what a maintainer needs is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.docs.blocks import ROOT

yaml = pytest.importorskip("yaml", reason="the forms are YAML, which mkdocs and pre-commit read with PyYAML")
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def form(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / name).read_text(encoding="utf-8"))
    return loaded


def test_there_is_a_form_for_each_kind() -> None:
    assert [path.stem for path in FORMS] == ["bug", "config", "device", "feature"]


@pytest.mark.parametrize("name", ["bug.yml", "device.yml", "feature.yml"])
def test_a_form_is_what_github_takes(name: str) -> None:
    found = form(name)
    assert {"name", "description", "body"} <= found.keys()
    ids = [field["id"] for field in found["body"]]
    assert len(set(ids)) == len(ids)
    for field in found["body"]:
        assert field["type"] in {"input", "textarea", "dropdown", "checkboxes", "markdown"}
        assert field["attributes"]["label"]
        assert field["type"] != "dropdown" or len(field["attributes"]["options"]) > 1


@pytest.mark.parametrize("name", ["bug.yml", "device.yml"])
def test_the_doctors_report_must_be_given(name: str) -> None:
    (field,) = [field for field in form(name)["body"] if field["id"] == "doctor"]
    assert "edge-classifier doctor --json" in field["attributes"]["description"]
    assert field["validations"]["required"]
