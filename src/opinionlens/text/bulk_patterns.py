"""The scanner's rules as patterns for polars.

Polars runs them over whole columns. Its regular expressions look neither ahead nor behind, and their Unicode
classes are not Python's. So they are used on lower-cased text whose characters mean the same to both, and
only where no rule needs more; the patterns called `HARD` find the texts that need more, and those take the
scalar way. They may find too many, never too few.
"""

from __future__ import annotations

from opinionlens.text.entities import REFERENCE
from opinionlens.text.normalising import LONGEST_TOKEN
from opinionlens.text.scanning import ADDRESS_CHAR, ADDRESS_END
from opinionlens.text.scanning import MARKUP as MARKUP  # as it is: its letters are ASCII on both sides

_APOSTROPHES = "'’‘`´\u0092"
APOSTROPHE = f"[{_APOSTROPHES[1:]}]"
ADDRESS = (
    rf"(?-u:\b)https?(?-u:\b)(?:://{ADDRESS_CHAR}*{ADDRESS_END})?|(?-u:\b)www\.{ADDRESS_CHAR}*{ADDRESS_END}"
)
USER = r"(?-u:\B)@[0-9a-z_]+"
RETWEET = r"(?-u:\b)rt\s+@[0-9a-z_]+"
LETTERS = "0-9a-zªµº²³¹¼½¾ß-öø-ÿĀ-ſ"
LETTERS_IN_KEY = "0-9a-zß-öø-ÿ"  # NFKC rewrites the others

# Not ASCII, and not among the Latin letters, fractions, dashes and quotes that both sides read alike.
_UNUSUAL = r"[^\x00-\x7f\u0080-\u00ac\u00ae-\u012f\u0131-\u017f\u2010-\u2027\u20ac\u2122\ufffd]"
_UNUSUAL_IN_KEY = r"[^\x00-\x7f\u0080-\u00a1£§©«®»¿À-ÖØ-öø-ÿ‘’“”–—…]"
_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"
# The word boundaries above are those of ASCII, so beside other letters they are not trusted.
_BOUNDARY = (
    r"[^\x00-\x7f](?:http|www\.|rt\s|@)|@(?:http|www\.)|https?(?:[^\x00-\x7f]|[_@])|@[0-9a-z_]*[^\x00-\x7f]"
)
_EMOTICON = "|".join(
    (
        rf"[:;=][{_APOSTROPHES}]?[-^o]?(?:[)(\]\[]|[dp](?-u:\b))",
        rf":[{_APOSTROPHES}]?-?(?:[}}{{|*\\]|/[^/]|/$)",
        r":-?[os3](?-u:\b)",
        r"\([-^]?[:;=]|</?3|\^[_.]?\^|-_|>[_.]<|\\o/|[o0]_[o0]|t_t|u_u",
    )
)
_LONG_RUN = "|".join(letter * 4 for letter in "abcdefghijklmnopqrstuvwxyz") + r"|[^\x00-\x7f]{4}"

_HARD = rf"{_UNUSUAL}|{_CONTROL}|{REFERENCE}|{_BOUNDARY}|{_EMOTICON}|[_{_APOSTROPHES}](?:http|www\.)"
HARD_PLAIN = rf"{_HARD}|@[0-9a-z]*[_{_APOSTROPHES}]"
HARD_SOCIAL = rf"{_HARD}|{_LONG_RUN}"
# Text that version 2 of the recipes reads as misread UTF-8, in lower case (all other typographic forms are
# unusual), and runs that may become a token that it cuts.
HARD_IN_V2 = rf"[âã][^\x00-\x7f]|ð[^\x00-\x7f]{{2}}|ï[¸¿»]|\S{{{LONGEST_TOKEN + 1}}}"
HARD_KEY = rf"{_UNUSUAL_IN_KEY}|{_CONTROL}|{REFERENCE}|{_BOUNDARY}"
KELVIN = "\u212a"  # the one sign beyond ASCII whose lower case would pass for a letter of markup


def gap(letters: str, joiner: str = "") -> str:
    """Return a pattern for the separators between two tokens.

    One space alone does not match: it would match far more often, to no effect. A single `joiner` is no gap
    either.
    """
    return f"[^{letters}]{{2,}}|[^{letters}{joiner} ]"
