"""The scanner's rules as patterns for polars.

Polars runs them over whole columns. Its regular expressions look neither ahead nor behind, and their Unicode
classes are not Python's. So they are used on lower-cased text whose characters mean the same to both, and
only where no rule needs more; the pattern `HARD` finds the texts that need more, and those take the
scalar way. It may find too many, never too few.
"""

from __future__ import annotations

from opinionlens.text.entities import REFERENCE
from opinionlens.text.scanning import ADDRESS_CHAR, ADDRESS_END
from opinionlens.text.scanning import MARKUP as MARKUP  # as it is: its letters are ASCII on both sides

_APOSTROPHES = "'’‘`´\u0092"
APOSTROPHE = f"[{_APOSTROPHES[1:]}]"
ADDRESS = (
    rf"(?-u:\b)https?(?-u:\b)(?:://{ADDRESS_CHAR}*{ADDRESS_END})?|(?-u:\b)www\.{ADDRESS_CHAR}*{ADDRESS_END}"
)
USER = r"(?-u:\B)@[0-9a-z_]+"
RETWEET = r"(?-u:\b)rt\s+@[0-9a-z_]+"
_LETTERS = "0-9a-zß-öø-ÿ"  # NFKC rewrites the others

# Not ASCII, and not among the Latin letters, fractions, dashes and quotes that both sides read alike.
_UNUSUAL = r"[^\x00-\x7f\u0080-\u00a1£§©«®»¿À-ÖØ-öø-ÿ‘’“”–—…]"
_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"
# The word boundaries above are those of ASCII, so beside other letters they are not trusted.
_BOUNDARY = (
    r"[^\x00-\x7f](?:http|www\.|rt\s|@)|@(?:http|www\.)|https?(?:[^\x00-\x7f]|[_@])|@[0-9a-z_]*[^\x00-\x7f]"
)
HARD = rf"{_UNUSUAL}|{_CONTROL}|{REFERENCE}|{_BOUNDARY}"
KELVIN = "\u212a"  # the one sign beyond ASCII whose lower case would pass for a letter of markup
# The separators between two tokens; not one space alone, which would match far more often, to no effect.
GAP = rf"[^{_LETTERS}]{{2,}}|[^{_LETTERS} ]"
