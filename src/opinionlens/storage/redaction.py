"""Removal of personal data from texts; pure."""

from __future__ import annotations

import re

EMAIL = "[email]"
PHONE = "[phone]"
# Recipes read this as a user name, and data sets of tweets use it in the place of one.
USER = "@user"

# An address of a person's page keeps its site. Possessive quantifiers (`++`) keep every pattern linear.
_PROFILE = (
    r"(?<!\w)(?P<site>(?:twitter|x|instagram|facebook|threads|tiktok|linkedin|reddit|t|github)"
    r"\.(?:com|net|me)/(?:@|in/|u/|user/)?)(?P<owner>\w++(?:[.-]\w++)*+)"
)
# Leading dots and dashes belong to the sentence; no dot in the domain is asked for (jane@localhost).
_ADDRESS = r"\w++(?:[.+-]++\w++)*+(?:@|＠|%40)[\w-]++(?:\.[\w-]++)*+"
_EMAIL = rf"(?<![\w.+-])(?P<lead>[.+-]*+)(?P<email>{_ADDRESS}(?:[.+-]++{_ADDRESS})*+(?:/u/[\w-]++)*+)"
# With servers behind it in federated networks; a capital after a dot is the next sentence.
_HANDLE = r"(?P<handle>[@＠]\w++(?:\.(?-i:[a-z0-9_])\w*+)*+(?:[@＠][\w-]++(?:\.[\w-]++)*+)*+(?:/u/[\w-]++)*+)"
_MEMBER = r"(?<![\w/])(?P<member>/?u/[\w-]++)"
_NUMBER = r"(?<!\w)(?P<number>[+(]{0,2}\d(?:[^\S\n]?[-./()·‐‑‒–—−]{0,2}[^\S\n]?\d)*+)"

_PERSONAL = re.compile("|".join((_PROFILE, _EMAIL, _HANDLE, _MEMBER, _NUMBER)), re.IGNORECASE)

# Shorter numbers are prices, amounts, scores. Longer ones than any telephone's are cards and orders, which
# are no less personal.
_LEAST_DIGITS = 7
_SEPARATORS = r"[-./‐‑‒–—− ]"
_NOT_PERSONAL = re.compile(
    rf"(?:19|20)\d\d{_SEPARATORS}\d\d?{_SEPARATORS}\d\d?(?: \d\d?)?"  # 2026-11-22, with the hour behind it
    rf"|\d\d?{_SEPARATORS}\d\d?{_SEPARATORS}(?:19|20)\d\d(?: \d\d?)?"  # 22.11.2026
    rf"|(?:19|20)\d\d(?: ?{_SEPARATORS} ?(?:19|20)\d\d)+"  # 2019-2020
    r"|[1-9]\d{0,2}(?:\.\d{3})+"  # 1.000.000
    r"|\d\.\d+"  # 3.14159265
)


def redact(text: str) -> str:
    """Replace addresses, telephone numbers and user names.

    Each gives way to a placeholder.

    When in doubt it takes out too much: a long order number goes as a telephone number does. Dates, years and
    thousands stay. Names of people in running text stay as well; no pattern finds them. Redacting twice
    changes nothing more, and the time taken grows with the length only.
    """
    return _PERSONAL.sub(_placeholder, text)


def _placeholder(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "owner":
        return f"{found['site']}user"
    if kind == "email":
        return f"{found['lead']}{EMAIL}"
    if kind == "handle":
        return USER
    if kind == "member":
        return "/u/user" if found["member"].startswith("/") else "u/user"
    number = found["number"]
    digits = sum(character.isdigit() for character in number)
    return number if digits < _LEAST_DIGITS or _NOT_PERSONAL.fullmatch(number) else PHONE
