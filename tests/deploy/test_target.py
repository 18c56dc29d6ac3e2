"""Boards by name and by what they say of themselves."""

from __future__ import annotations

import pytest

from deploy.errors import DeployError
from deploy.target import Target, from_board, parse


def test_a_target_by_its_name() -> None:
    assert parse("aarch64-py311") == Target("aarch64", 11, 36)  # Bookworm
    assert parse("aarch64-py313") == Target("aarch64", 13, 41)  # Trixie
    assert str(parse("armv7l-py311")) == "armv7l-py311"


@pytest.mark.parametrize("text", ["", "aarch64", "aarch64-py39", "aarch64-py311x", "riscv64-py311", "py311-aarch64"])
def test_an_invalid_name(text: str) -> None:
    with pytest.raises(DeployError, match=f"such as aarch64-py311 .*received {text or 'nothing'}$"):
        parse(text)


@pytest.mark.parametrize(
    ("said", "machine"),
    [
        (("aarch64", "3.11", "2.36", 64), "aarch64"),
        (("armv7l", "3.11", "2.36", 32), "armv7l"),
        (("aarch64", "3.11", "2.36", 32), "armv7l"),  # a 32-bit system under a 64-bit kernel
        (("armv8l", "3.11", "2.36", 32), "armv7l"),
        (("x86_64", "3.12", "2.39", 64), "x86_64"),
    ],
)
def test_a_board_by_what_it_says(said: tuple[str, str, str, int], machine: str) -> None:
    assert from_board(*said).machine == machine


@pytest.mark.parametrize(
    "said",
    [
        ("armv6l", "3.11", "2.36", 32),
        ("aarch64", "3.9", "2.31", 64),
        ("aarch64", "3.11", "", 64),
        ("aarch64", "3.11", "2.12", 64),
    ],
)
def test_a_board_there_are_no_wheels_for(said: tuple[str, str, str, int]) -> None:
    with pytest.raises(DeployError, match=f"received {said[0]}, Python {said[1]}, C library {said[2] or 'unknown'}"):
        from_board(*said)


def test_wheels_up_to_its_c_library_run_there() -> None:
    platforms = parse("aarch64-py311").platform_tags()
    assert platforms[0] == "manylinux_2_36_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64"} <= set(platforms)
    assert "manylinux_2_37_aarch64" not in platforms


@pytest.mark.parametrize(
    ("target", "platform"),
    [
        (parse("aarch64-py311"), "aarch64-manylinux_2_36"),
        (parse("x86_64-py310"), "x86_64-manylinux_2_35"),
        (parse("aarch64-py313"), "aarch64-manylinux_2_40"),  # glibc 2.41: the newest that uv has a name for
        (Target("aarch64", 10, 30), "aarch64-manylinux_2_28"),
        (parse("armv7l-py311"), None),
    ],
)
def test_the_platform_as_uv_names_it(target: Target, platform: str | None) -> None:
    assert target.uv_platform() == platform
