"""Detection of easily guessed passwords; pure.

For settings and users alike. No list of a million leaked passwords: most of those are too short here anyway.
The rest is made of few ideas, and these are looked for: one of the most common words, the name itself, runs
and repetitions.
"""

from __future__ import annotations

import re
import unicodedata

LEAST_CHARS = 12
MOST_CHARS = 1_000
_LEAST_DIFFERENT = 5
_LEAST_OWN_CHARS = 6

# The words that defaults, documents and tired people take, without the digits and signs around it.
_WORDS = """
abc abcd abcdef access account adgjmp admin administrator airline amazon apple asdf asdfgh asdfghjkl
autumn azerty baseball batman bitte changeit changeme changemeplease changethis company computer
correcthorsebatterystaple daniel default demo demopassword development dragon example football freedom
geheim grafana guest hallo hello iloveyou internet jordan key killer letmein letmeinplease localhost login
love lovely master michael mine mlflow monkey mustang mypassword mysecret mysecretpassword new newpassword
nopassword old one opinion opinionlens our pass passw passwd password passwort pleasechangeme pokemon
postgres postgresql princess production qazwsx qazwsxedc qwer qwert qwerty qwertyuiop qwertzuiop replaceme
root samsung secret secretpassword sentiment server shadow sommer spring stage staging starwars summer
sunshine superman superpassword supersecret supersecretpassword superuser system temp temporary test
testing testpassword that the this thisisasecret tobechanged trustno two user username verysecret welcome
whatever willkommen winter you your yourpassword yoursecret zxcvbn zxcvbnm
"""
_COMMON = frozenset(_WORDS.split())
_RUNS = (
    "01234567890123456789",
    "09876543210987654321",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6y7u8i9o0p",
)
# Signs that stand for letters in passwords that look clever.
_LEET = str.maketrans("@4$5!10378", "aassiioetb")


def weakness_of(password: str, user_name: str = "", *, least_chars: int = LEAST_CHARS) -> str | None:
    """Return a password's weakness, or None.

    The words end a sentence ("It …").

    Args:
        password: the candidate; it is never part of the answer.
        user_name: of the user it is for.
        least_chars: how long it must be.
    """
    if len(password) < least_chars:
        return f"must have at least {least_chars} characters"
    if len(password) > MOST_CHARS:
        return f"may have at most {MOST_CHARS:,} characters"
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(set(folded)) < _LEAST_DIFFERENT:
        return "repeats the same few characters"
    name = unicodedata.normalize("NFKC", user_name).casefold().strip()
    if name and name in folded and len(folded.replace(name, "")) < _LEAST_OWN_CHARS:
        return "is hardly more than the user's name"
    if _is_common(folded):
        return "is one of those that everybody tries first"
    return None


def _is_common(folded: str) -> bool:
    """Tell whether a password has only common parts.

    These are common words, runs, digits and signs.
    """
    bare = re.sub(r"[\W_]", "", folded)
    if any(bare in run for run in _RUNS) or re.fullmatch(r"(.{1,11}?)\1+.{0,3}", bare):
        return True
    return any(_is_made_of_common(re.sub(r"[\W\d_]", "", way)) for way in (folded, _as_letters(folded)))


def _is_made_of_common(letters: str) -> bool:
    """Tell whether letters are common words in a row.

    For example `adminpassword`.
    """
    if not letters:
        return False
    reached = {0}
    for end in range(3, len(letters) + 1):
        if any(letters[start:end] in _COMMON for start in reached if end - start >= 3):
            reached.add(end)
    return len(letters) in reached


def _as_letters(folded: str) -> str:
    """Return a password with signs read as letters.

    The number at its end is left out.
    """
    return re.sub(r"[\W\d_]+$", "", folded).translate(_LEET)
