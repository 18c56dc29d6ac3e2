"""python -m runtime.selftest: prove that this board computes what the host computed.

It replays the golden vectors and golden pictures of the model's card, see runtime.proof.
"""

from __future__ import annotations

from runtime.classifier import Classifier
from runtime.cli.options import add_model_option, add_threads_option
from runtime.cli.parser import Parser, print_error, run
from runtime.cli.printing import print_lines
from runtime.proof import selftest
from runtime.text import printable, shortened
from runtime.tflite.golden import TIMED_RUNS, Report, median_ms

MAX_VALUE = 300  # characters of what the card says
EXAMPLE = """  python -m runtime.selftest
  python -m runtime.selftest -m artifacts/model.tflite"""


def to_text(classifier: Classifier, report: Report, inference_ms: float) -> str:
    """The result as a few lines for a person.

    Args:
        classifier: The one that was tested.
        report: What the replay gave.
        inference_ms: See `golden.median_ms`; 0 where nothing was replayed.

    Returns:
        Four lines: model, interpreter, golden, time.
    """
    card = classifier.card
    name = printable(", ".join(filter(None, (f"{card.name} {card.version}".strip(), card.quantization))))
    host = printable(report.host or "unknown")
    proof = "to the byte" if report.exact == report.vectors else f"within {report.worst:.1%} of their span"
    host = "as on the host" if report.interpreter == report.host else f"converted with {shortened(host, MAX_VALUE)}"
    pictures = f"; {report.pictures} pictures from file to label" if report.pictures else ""
    return "\n".join(
        (
            f"model        {shortened(name, MAX_VALUE)}, sha256 {card.sha256[:16]} as on the card",
            f"interpreter  {report.interpreter}, {host}",
            f"golden       {report.vectors} replayed, {proof}{pictures}" if report.vectors else "golden       none",
            f"time         {inference_ms:.3f} ms an image, median of {TIMED_RUNS}",
        )
    )


def main() -> int:
    """Print what was compared, and an error line for each fault.

    Returns:
        The exit status: 1 where this board computes something else than the host, else 0.

    Raises:
        EdgeError: The model cannot be used.
    """
    options = build_parser().parse()
    classifier = Classifier.load(options.model, num_threads=options.num_threads, always_try=True)
    report = selftest(classifier)
    inference_ms = median_ms(classifier.interpreter, classifier.card) if report.vectors else 0.0
    print_lines(to_text(classifier, report, inference_ms))
    for fault in report.faults:
        print_error(fault)
    print_lines("result       " + ("FAILED" if report.faults else "passed"))
    return 1 if report.faults else 0


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser("python -m runtime.selftest", "Prove that this board computes what the host computed.", EXAMPLE)
    add_model_option(parser)
    add_threads_option(parser)
    return parser


if __name__ == "__main__":
    run(main)
