"""The frozen, named choice of cleaning and tokenizing steps.

It travels in the artifact, so serving cannot differ from training. A recipe looks at one piece at a time (see
`scanning`) and maps it to a token, if any. `plain` keeps words, emoticons and emoji; `social` also keeps
addresses, user names, hashtag signs, elongation and marks that carry sentiment. Version 2 of both reads
typographic forms as plain letters first (see `typography`), cuts tokens that are too long for a word, and has
the lexicon damp repeats. A change that gives other tokens for any text is a new name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.text.masking import masked
from opinionlens.text.memo import Memo
from opinionlens.text.negation import NegationRole, scope_of
from opinionlens.text.normalising import NORMALISERS
from opinionlens.text.readers import READERS, ReadFunctions
from opinionlens.text.scanning import Piece, PieceKind, kind_of, scan, scan_with_places
from opinionlens.text.stemming import STEMMERS
from opinionlens.text.tokenizers import TOKENIZERS

NEGATED = "_NEG"


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its place in the original.

    Places are counted in code points.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Recipe:
    """The steps from a text to its tokens.

    Attributes:
        name: the set of steps: `plain-v1`, `social-v1`, `plain-v2` or `social-v2`.
        tokenizer: `pattern` (ours) or `tweet` (NLTK's, imported on first use).
        stemmer: `none`, `porter` or `snowball` (NLTK's, imported on first use).
        negation_scope: tokens between a negator and the next mark get the suffix `_NEG`.
    """

    name: str
    tokenizer: str = "pattern"
    stemmer: str = "none"
    negation_scope: bool = False

    def __post_init__(self) -> None:
        """Reject a choice unknown to this version of the code."""
        for field, value, known in (
            ("name", self.name, tuple(NORMALISERS)),
            ("tokenizer", self.tokenizer, tuple(TOKENIZERS)),
            ("stemmer", self.stemmer, tuple(STEMMERS)),
            ("negation_scope", self.negation_scope, (False, True)),
        ):
            if value not in known:
                raise ArtifactUnsupported(
                    f"Unknown recipe {field} {value!r}.", remedy=f"Known: {', '.join(map(str, known))}."
                )

    @property
    def identifier(self) -> str:
        """The name and all non-default options: `social-v1+porter+negation`."""
        options = [
            *([self.tokenizer] if self.tokenizer != "pattern" else []),
            *([self.stemmer] if self.stemmer != "none" else []),
            *(["negation"] if self.negation_scope else []),
        ]
        return "+".join((self.name, *options))

    def tokenize(self, text: str) -> list[Token]:
        """Return the tokens of `text` with their places.

        They are the tokens that `tokens` gives, only slower.
        """
        return self.tokens_at(TOKENIZERS[self.tokenizer].scan_with_places(self._reader.read_aligned(text)))

    def tokens_at(self, pieces: Sequence[Piece]) -> list[Token]:
        """Return the tokens of a text cut by this tokenizer."""
        words = self._words_of([piece.text for piece in pieces])
        return [Token(word, p.start, p.end) for word, p in zip(words, pieces, strict=True) if word]

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of `text`; none contains white space."""
        return self.tokens_of(TOKENIZERS[self.tokenizer].scan(self._reader.read(text)))

    def tokens_of(self, pieces: Sequence[str]) -> list[str]:
        """Return the tokens of a text cut by this tokenizer."""
        return list(filter(None, self._words_of(pieces)))

    @property
    def damps_repeats(self) -> bool:
        """Whether the lexicon counts repeats only in part."""
        return self.name.endswith("-v2")

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of `text` for the lexicon.

        They are the same for every tokenizer.
        """
        return scan(self._reader.read(text))

    def pieces_with_places(self, text: str) -> list[Piece]:
        """Return the same as `pieces`, with places."""
        return scan_with_places(self._reader.read_aligned(text))

    def clean(self, text: str) -> str:
        """Join the tokens by single spaces."""
        return " ".join(self.tokens(text))

    def readable(self, text: str) -> str:
        """Return `text` as a tokenizer of another maker reads it.

        It is decoded as for `tokens`; `social` also puts general words in place of addresses and user names.
        """
        decoded = self._reader.read(text)
        return masked(decoded) if self.name.startswith("social") else decoded

    def as_dict(self) -> dict[str, Any]:
        """Return the choice as JSON values."""
        return asdict(self)

    def __reduce__(self) -> tuple[type[Recipe], tuple[str, str, str, bool]]:
        """Pickle the choice only; all derived state is rebuilt."""
        return Recipe, (self.name, self.tokenizer, self.stemmer, self.negation_scope)

    @cached_property
    def _reader(self) -> ReadFunctions:
        return READERS[self.name]

    @cached_property
    def _memo(self) -> Memo[str]:
        return Memo(_piece_to_word(NORMALISERS[self.name], STEMMERS[self.stemmer]))

    def _words_of(self, pieces: Sequence[str]) -> list[str]:
        """Return one word for each piece; empty for no token."""
        words = list(map(self._memo.__getitem__, pieces))
        return _mark_negated(pieces, words) if self.negation_scope else words


def _piece_to_word(
    normalise: Callable[[str, PieceKind], str], load_stemmer: Callable[[], Callable[[str], str]] | None
) -> Callable[[str], str]:
    if load_stemmer is None:
        return lambda piece: normalise(piece, kind_of(piece))
    stem = load_stemmer()

    def stemmed(piece: str) -> str:
        kind = kind_of(piece)
        word = normalise(piece, kind)
        return stem(word) if kind is PieceKind.WORD else word

    return stemmed


def _mark_negated(pieces: Sequence[str], words: list[str]) -> list[str]:
    """Append the suffix to words between negator and mark.

    `words` is changed in place and returned.
    """
    scopes = list(map(_SCOPES.__getitem__, pieces))
    if _OPENS not in scopes:
        return words
    inside = False
    for number, scope in enumerate(scopes):
        if scope is _ENDS:
            inside = False
        elif inside and scope is not _OUTSIDE:
            words[number] += NEGATED
        if scope is _OPENS:
            inside = True
    return words


_OPENS, _ENDS, _OUTSIDE = NegationRole.OPENS, NegationRole.ENDS, NegationRole.OUTSIDE
_SCOPES: Memo[NegationRole] = Memo(scope_of)
RECIPES: dict[str, Recipe] = {name: Recipe(name) for name in NORMALISERS}
