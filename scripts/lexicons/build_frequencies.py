r"""Make `text/lexicons/frequencies.tsv`: how frequent the common words of English are.

    /tmp/lexicons/bin/python scripts/lexicons/build_frequencies.py
    src/opinionlens/text/lexicons/frequencies.tsv

The environment is that of `build_words.py`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wordfreq import top_n_list, zipf_frequency

WORDS = 30_000
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_HEAD = """\
# Hundredths of the Zipf scale, from wordfreq 3.1 by Robyn Speer (data: CC BY-SA 4.0; see README.md).
"""


def main(target: Path) -> None:
    """Write the file."""
    words = [word for word in top_n_list("en", WORDS) if _WORD.fullmatch(word)]
    lines = [f"{word}\t{round(zipf_frequency(word, 'en') * 100)}\n" for word in sorted(words)]
    target.write_text(_HEAD + "".join(lines), encoding="utf-8")
    print(f"{len(lines)} words")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
