"""The boards, made once; and what was found on them, printed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from tests.device import boards, root

FOUND: list[str] = []


@pytest.fixture(scope="session")
def host() -> dict[str, Any]:
    return boards.host_readings()


@pytest.fixture(scope="session")
def emulation() -> Iterator[None]:
    entries = root.register()
    yield
    for entry in entries:  # the kernel is left as it was
        entry.write_text("-1")


@pytest.fixture(scope="session")
def everything(emulation: None, host: dict[str, Any]) -> dict[str, Future[boards.Board]]:
    boards.WORK.mkdir(parents=True, exist_ok=True)
    return boards.all_boards(host)


@pytest.fixture(scope="session", autouse=True)
def begun(request: pytest.FixtureRequest) -> None:
    """The boards are made and used while the tests of deploy run, where both are asked for."""
    if any("board" in item.fixturenames for item in request.session.items if isinstance(item, pytest.Function)):
        request.getfixturevalue("everything")


@pytest.fixture(params=[kind.name for kind in boards.KINDS])
def board(request: pytest.FixtureRequest, everything: dict[str, Future[boards.Board]]) -> boards.Board:
    return everything[request.param].result()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in FOUND:
        terminalreporter.write_line(line)
