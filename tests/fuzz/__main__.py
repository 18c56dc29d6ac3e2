"""python -m tests.fuzz: everything that a stranger may hand over, damaged by machine (make fuzz)."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from itertools import islice

from tests.fuzz import cards, streams, texts, urls

# Kind -> how many. Models and pictures run in processes of their own, which a crash would end.
IN_PROCESS = {"cards": (cards, 12_000), "streams": (streams, 1_000), "urls": (urls, 10_000), "texts": (texts, 1_000)}
OF_THEIR_OWN = {"models": 25_000, "pictures": 100_000}
SLOWEST_S = 5.0  # of one input


def main() -> int:
    """Fuzz every kind.

    Returns:
        The exit status: 1 where an input broke something.
    """
    parser = argparse.ArgumentParser("python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the damage (0)")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual counts (1.0)")
    options = parser.parse_args()
    broken = 0
    for kind, (module, count) in IN_PROCESS.items():
        worst = 0.0
        number = max(1, round(count * options.share))
        for data in islice(module.mutations(options.seed), number):
            start = time.monotonic()
            try:
                module.check(data)
            except Exception as error:  # whatever it is, it is what this looks for
                broken += 1
                print(f"{kind}: {type(error).__name__}: {str(error)[:200]}; {data[:200]!r}", flush=True)
            worst = max(worst, time.monotonic() - start)
        broken += worst > SLOWEST_S
        print(f"{kind}: {number} tried, the slowest {worst:.2f} s", flush=True)
    for kind, count in OF_THEIR_OWN.items():
        number = str(max(1, round(count * options.share)))
        words = ["--count", number, "--seed", str(options.seed)] if kind == "models" else [number, str(options.seed)]
        done = subprocess.run([sys.executable, "-m", f"tests.fuzz.{kind}", *words], check=False)
        broken += done.returncode != 0
    print(f"{broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
