import pytest

from opinionlens.text.scripts import SCRIPTS, Letters, scripts_of, words_in


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("great", 1),
        ("don't", 1),
        ("café", 1),
        ("ужасно", 1),
        ("최악의", 1),
        ("很好", 2),
        ("แย่มาก", 6),
        ("iphoneは", 1),
    ],
)
def test_signs_of_a_script_without_spaces_are_words(token, words):
    assert words_in(token) == words


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("Ужасный телефон", True),
        ("Новый iPhone ужасен", True),
        ("iPhone 🙂 ok, да", False),
        ("Très mauvais", False),
        ("", False),
        ("123 !!! 😂", False),
        ("服务太差了", True),
    ],
)
def test_a_text_is_strange_when_most_letters_are_of_other_scripts(text, strange):
    assert Letters(("latin",)).mostly_unknown(text) is strange


def test_a_model_of_two_scripts_knows_both():
    assert not Letters(("cyrillic", "latin")).mostly_unknown("Новый iPhone ужасен")


def test_scripts_are_those_of_one_letter_in_a_hundred():
    assert scripts_of(["a" * 98 + "яя"]) == ("cyrillic", "latin")
    assert scripts_of(["a" * 200 + "я"]) == ("latin",)
    assert scripts_of(["123 😂"]) == ()


@pytest.mark.slow
def test_no_letter_is_of_two_scripts():
    every = "".join(chr(c) for c in range(0x30000) if chr(c).isalpha())
    known = [{c for c in every if not Letters((name,)).mostly_unknown(c)} for name in SCRIPTS]
    assert sum(map(len, known)) == len(set().union(*known))
