"""The command python -m deploy: put this project and a model on a board, or into an archive for one."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from deploy import target as targets
from deploy.payload import INSTALLER, MANIFEST, Payload, assemble, digest, pack
from deploy.remote import INBOX, BoardInfo, Remote
from runtime.cli.parser import Parser, print_note, run

ROOT = Path(__file__).parent.parent
EXAMPLE = """  python -m deploy push pi@raspberrypi.local
  python -m deploy push pi@raspberrypi.local --model artifacts/model.tflite
  python -m deploy rollback pi@raspberrypi.local
  python -m deploy bundle aarch64-py313"""
INSTALLED = "/opt/edge-classifier/current"


def main() -> int:
    """Push, roll back or bundle, as the command line says.

    Returns:
        The exit status, 0.

    Raises:
        EdgeError: It could not be done.
    """
    options = _parser().parse()
    if options.action == "bundle":
        return _bundle(options)
    with Remote(options.where, options.ssh) as board:
        board_info = board.probe()
        if options.action == "rollback":
            board.run_as_root(f"{INSTALLED}/{INSTALLER}", "rollback", board_info.root)
            return 0
        return _push(board, board_info, options)


def _push(board: Remote, board_info: BoardInfo, options: Namespace) -> int:
    target = targets.from_board(board_info.machine, board_info.python, board_info.glibc, board_info.bits)
    print_note(f"{board.host} is {target}; preparing what it needs")
    payload = assemble(ROOT, target, options.extras, Path(options.model), Path(options.build))
    names = files_to_send(payload, board_info)
    total = 0
    for name in names:
        path = payload.folder / name
        print_note(f"sending {name}, {path.stat().st_size:,} bytes")
        board.send(path, digest(path))
        total += path.stat().st_size
    print_note(
        f"sent {total:,} bytes in {len(names)} files; the board has the other {len(payload.files()) + 1 - len(names)}"
    )
    board.run_as_root(f"{INBOX}/{INSTALLER}", "install", board_info.root)
    return 0


def files_to_send(payload: Payload, board_info: BoardInfo) -> list[str]:
    """List the files that a board does not have yet.

    Args:
        payload: What it is to have.
        board_info: What it has.

    Returns:
        Names of files of the payload. The manifest comes last, since it names the rest.
    """
    needed = payload.files()
    if payload.environment in board_info.environments:
        needed = [name for name in needed if name not in payload.dependencies]
    changed = [name for name in needed if board_info.inbox.get(name) != payload.sha256[name]]
    manifest = board_info.inbox.get(MANIFEST) != digest(payload.folder / MANIFEST)
    return [*changed, *([MANIFEST] if manifest else [])]


def _bundle(options: Namespace) -> int:
    target = targets.parse(options.where)
    payload = assemble(ROOT, target, options.extras, Path(options.model), Path(options.build))
    name = "-".join(["edge-classifier", payload.release.partition("-")[0], str(target), *sorted(options.extras)])
    folder = Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{name}.tar"
    pack(payload, archive, name)
    print(archive)
    print_note(
        f"{archive.stat().st_size:,} bytes. On the board: tar xf {archive.name} && sudo python3 {name}/{INSTALLER}"
    )
    return 0


def _parser() -> Parser:
    parser = Parser("python -m deploy", "Put the runtime and a model on a board, to run after every start.", EXAMPLE)
    parser.add_argument("action", choices=("push", "rollback", "bundle"))
    parser.add_argument(
        "where", type=_named, metavar="HOST|TARGET", help="user@host; for bundle: aarch64-py311, aarch64-py313, ..."
    )
    parser.add_argument(
        "--model",
        default=str(ROOT / "runtime/models/digits.tflite"),
        metavar="FILE",
        help="a .tflite with its card (default: the digits that ship)",
    )
    parser.add_argument("--extras", type=_split_names, default=[], metavar="A,B", help="such as mqtt or tflite-runtime")
    # EDGE_SSH is like git's GIT_SSH_COMMAND. A port or a key can be set in ~/.ssh/config as well.
    parser.add_argument(
        "--ssh",
        default=os.environ.get("EDGE_SSH", "ssh"),
        metavar="COMMAND",
        help="how to call ssh (default: $EDGE_SSH, or ssh)",
    )
    parser.add_argument(
        "--build", default=str(ROOT / "build"), metavar="FOLDER", help="where wheels are kept (default: build)"
    )
    parser.add_argument(
        "-o", "--output", default="dist", metavar="FOLDER", help="where a bundle is written (default: dist)"
    )
    return parser


def _named(text: str) -> str:
    if not text:  # as make deploy has it where HOST is not given
        raise ArgumentTypeError(
            "expected HOST=pi@raspberrypi.local, or for bundle TARGET=aarch64-py311; received nothing"
        )
    return text


def _split_names(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


if __name__ == "__main__":
    run(main)
