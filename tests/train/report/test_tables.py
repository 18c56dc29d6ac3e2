"""The tables of the report, from the files of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.report.runs import LABELS, converted, model_of
from train.report import tables
from train.report.material import ReportData, read_report_data
from train.report.tables import Table


@pytest.fixture
def data(folder: Path) -> ReportData:
    converted(folder)
    return read_report_data(folder, model_of(folder))


def values(table: Table) -> dict[str, str]:
    return {row[0]: row[1] for row in table.rows}


def test_the_summary_counts_what_is_wrong(data: ReportData) -> None:
    found = values(tables.summary(data))
    wrong = int((data.probabilities.argmax(axis=1) != data.labels_test).sum())
    assert found["accuracy on the test images"] == f"{1 - wrong / 100:.2%} ({wrong} wrong)"
    assert found["images"] == "160 to learn from, 100 to test"
    assert found["classes"] == "3"
    assert found["command"] == "python -m train --data bars"


def test_each_class_has_its_row_also_without_test_images(data: ReportData) -> None:
    table = tables.per_class(data)
    assert [row[0] for row in table.rows] == list(LABELS)
    assert [row[1] for row in table.rows] == ["50", "50", "0"]
    recall = (data.probabilities.argmax(axis=1)[data.labels_test == 0] == 0).mean()
    assert table.rows[0][3] == f"{recall:.2%}"


def test_a_missed_limit_is_the_verdict(data: ReportData) -> None:
    assert data.parity is not None
    found = values(tables.parity(data.parity))
    assert found["verdict"] == "accuracy drops by 0.01 & more"
    assert found["drop, limit"] == "0.0100, at most 0.002"
    assert values(tables.parity({**data.parity, "passed": True}))["verdict"] == "passed"


def test_quantizations_and_recalls_beside_each_other(data: ReportData) -> None:
    assert data.comparison is not None
    expected = ("int8", "12,345", "90.00%", "1.00", "99.00%", "8 : 1", "0.0391")
    assert list(tables.quantizations(data.comparison).rows) == [expected]
    recalls = tables.recalls(data.comparison, LABELS)
    assert recalls.head == ("class", "Keras", "int8")
    assert [row[1:] for row in recalls.rows] == [("90.00%", "87.65%"), ("90.00%", "90.00%"), ("-", "-")]
    assert list(tables.layer_errors(data.comparison["layers"]).rows) == [("dense_1", "0.02", "0.29", "1.23%")]


def test_every_row_has_a_cell_a_column(data: ReportData) -> None:
    assert data.comparison is not None
    for table in (tables.summary(data), tables.per_class(data), tables.quantizations(data.comparison)):
        assert {len(row) for row in table.rows} == {len(table.head)}
