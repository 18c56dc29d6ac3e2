"""The boards, made once; and a summary of what was measured on them, printed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from tests.device import boards, root

SUMMARY: list[str] = []


@pytest.fixture(scope="session")
def host() -> dict[str, Any]:
    return boards.host_readings()


@pytest.fixture(scope="session")
def arm_emulation() -> Iterator[None]:
    """Let the kernel run Arm programs while the tests run."""
    entries = root.register()
    yield
    for entry in entries:  # restore the kernel's table
        entry.write_text("-1")


@pytest.fixture(scope="session")
def board_futures(arm_emulation: None, host: dict[str, Any]) -> dict[str, Future[boards.Board]]:
    boards.WORK.mkdir(parents=True, exist_ok=True)
    return boards.all_boards(host)


@pytest.fixture(scope="session", autouse=True)
def start_boards(request: pytest.FixtureRequest) -> None:
    """Start making the boards before the first test, so that they are made while the tests of deploy run."""
    if any("board" in item.fixturenames for item in request.session.items if isinstance(item, pytest.Function)):
        request.getfixturevalue("board_futures")


@pytest.fixture(params=[kind.name for kind in boards.KINDS])
def board(request: pytest.FixtureRequest, board_futures: dict[str, Future[boards.Board]]) -> boards.Board:
    return board_futures[request.param].result()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in SUMMARY:
        terminalreporter.write_line(line)
