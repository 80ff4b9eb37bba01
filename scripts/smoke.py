"""Ask a running address for everything that users rely on.

    python scripts/smoke.py https://opinionlens.example.com

One line for each question. The status is 1 when an answer is not as it should be. Nothing changes there but
counts and the log of predictions. `make smoke URL=… KEY=…` calls it; it needs nothing but Python.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from smoke_questions import QUESTIONS, health
from smoke_site import NotAsked, Site, Wrong


def main(arguments: list[str] | None = None) -> int:
    """Ask all questions, and return the status."""
    site = Site(_options(arguments))
    failed = asked = 0
    for question in QUESTIONS:
        name, began = (question.__doc__ or "").rstrip("."), time.monotonic()
        try:
            word, note = "ok", question(site)
            asked += 1
        except NotAsked as reason:
            word, note = "skip", str(reason)
        except Wrong as reason:
            word, note = "FAIL", str(reason)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            word, note = "FAIL", f"the answer has another form: {error!r}"
        failed += word == "FAIL"
        print(f"{word:4} {name:50} {(time.monotonic() - began) * 1_000:6.0f} ms  {note}".rstrip(), flush=True)
        if failed and question is health and "no answer" in note:
            print("Nothing answers there; the rest is not asked.")
            return 1
    print(f"{failed} of {asked + failed} failed." if failed else f"All {asked} are well.")
    return 1 if failed else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url", help="Address of the app, for example https://opinionlens.example.com.")
    parser.add_argument(
        "--key",
        default=os.environ.get("SMOKE_KEY", ""),
        help="A key with the scope `admin`, for the questions of administrators (SMOKE_KEY).",
    )
    parser.add_argument(
        "--host", default="", help="Name to ask for, where the address is another, such as 127.0.0.1."
    )
    parser.add_argument(
        "--word-list", action="store_true", help="It is well that only the word list answers."
    )
    parser.add_argument(
        "--any-label",
        action="store_true",
        help="Praise need not be POSITIVE: the model has learnt from other texts.",
    )
    parser.add_argument("--ca", metavar="FILE", help="Certificates to trust beside those of the system.")
    parser.add_argument("--insecure", action="store_true", help="Take any certificate.")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
