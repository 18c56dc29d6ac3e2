"""Faults that are said once."""

from __future__ import annotations

from runtime.outputs.faults import FaultReporter
from tests.runtime.outputs.helpers import context


def test_a_fault_is_said_once_and_so_is_its_end() -> None:
    lines: list[str] = []
    run = context(lines.append)
    faults = FaultReporter(run, "written again")
    faults.clear()
    assert (lines, run.failures) == ([], [])
    for _ in range(2):
        for number in range(3):
            faults.report("full", f"file {number}: the disk is full")
        faults.report("gone", "no such folder")
        faults.clear()
        faults.clear()
    assert lines == ["error: file 0: the disk is full", "error: no such folder", "written again"] * 2
    assert run.failures == ["no such folder"]
