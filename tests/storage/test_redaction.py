import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opinionlens.storage.redaction import redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to jane.doe+x@mail.example.co.uk, please", "write to [email], please"),
        ("JANE@EXAMPLE.COM!", "[email]!"),
        ("<jane@example.com>", "<[email]>"),
        ("mailto:jane@localhost", "mailto:[email]"),
        ("...jane@example.com...", "...[email]..."),
        ("?mail=jane%40example.com&x=1", "?mail=[email]&x=1"),
        ("jane＠example.com", "[email]"),
        ("jürgen@müller.de", "[email]"),
        ("a" * 500 + "@example.com", "[email]"),
    ],
)
def test_addresses_go(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("@united thanks", "@user thanks"),
        (".@united: no", ".@user: no"),
        ("ok.@united", "ok.@user"),
        ("@jane.doe is here. @jane.Here", "@user is here. @user.Here"),
        ("@jane@mastodon.social!", "@user!"),
        ("＠jane", "@user"),
        ("thanks u/some-one and /u/other", "thanks u/user and /u/user"),
        ("https://twitter.com/jane_doe?s=1", "https://twitter.com/user?s=1"),
        ("see x.com/jane", "see x.com/user"),
        ("www.linkedin.com/in/jane-doe/", "www.linkedin.com/in/user/"),
        ("t.me/@jane", "t.me/@user"),
    ],
)
def test_user_names_go(text, redacted):
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "number",
    [
        "+49 30 1234567",
        "+1 (555) 123-4567",
        "(555) 123-4567",
        "555-123-4567",
        "555.123.4567",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "0301234567",
        "030/1234567",
        "+44\u00a020\u00a07946\u00a00958",
        "555–123–4567",
        "٠٣٠١٢٣٤٥٦٧",
        "4111 1111 1111 1111",
    ],
)
def test_telephone_numbers_go(number):
    assert redact(f"call {number}, please") == "call [phone], please"
    assert redact(number) == "[phone]"


@pytest.mark.parametrize("separator", ["", " ", "-", "."])
def test_a_number_is_personal_from_seven_digits(separator):
    six, seven = separator.join("555123"), separator.join("5551234")
    assert redact(f"call {six} now") == f"call {six} now"
    assert redact(f"call {seven} now") == "call [phone] now"


@pytest.mark.parametrize(
    "text",
    [
        "on 2026-11-22 10:30",
        "on 22.11.2026",
        "11/22/2026",
        "from 2019-2020",
        "in 2019, 2020 and 2021",
        "1.000.000 fans",
        "3.14159265",
        "5/5 stars, 100 %",
        "$19.99 for 3 items",
        "flight UA1234567",
        "a @ b",
        "netflix.com/browse",
        "10,000 people",
        "<b>great</b> :) don't",
        "",
        "\0\ud800 🙂",
    ],
)
def test_what_says_nothing_about_a_person_stays(text):
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize("text", ["＠0.xé0", "@ann.fooBar said", "@ann.xİ", "@ann@b@c.org"])
def test_a_name_with_a_dot_goes_to_the_end_of_its_word(text):
    assert redact(text).split()[0] == "@user"
    assert redact(redact(text)) == redact(text)


def test_addresses_joined_by_a_plus_go_together():
    assert redact("é@ué4x+x＠Z and a@b.org") == "[email] and [email]"


@given(st.text("a1@.+-_/%40 ()Zux＠é\n:[]", max_size=60))
def test_redacting_twice_changes_nothing_more_in_what_looks_personal(text):
    once = redact(text)
    assert redact(once) == once


names = st.from_regex(r"[a-z][a-z0-9_]{2,15}", fullmatch=True)
domains = st.from_regex(r"[a-z]{2,12}(\.[a-z]{2,8}){1,2}", fullmatch=True)
around = st.text(st.characters(categories=("Zs", "Po", "Ps", "So"), exclude_characters="@＠.%/"), max_size=9)


@given(before=around, name=names, domain=domains, after=around)
def test_no_address_is_left(before, name, domain, after):
    redacted = redact(f"{before}{name}@{domain}{after}")
    assert redacted == f"{before}[email]{after}"


@given(before=around, name=names, after=around)
def test_no_user_name_is_left(before, name, after):
    assert redact(f"{before}@{name}{after}") == f"{before}@user{after}"


@given(
    st.lists(st.from_regex(r"[1-9][0-9]{2,3}", fullmatch=True), min_size=3, max_size=4),
    st.sampled_from("- ./"),
)
def test_no_long_number_is_left_but_dates_and_thousands(groups, separator):
    number = separator.join(groups)
    is_thousands = separator == "." and all(len(group) == 3 for group in groups)
    are_years = separator in "- ./" and all(len(group) == 4 and group[:2] in ("19", "20") for group in groups)
    assert redact(f"call {number} now") == f"call {number if is_thousands or are_years else '[phone]'} now"


@given(st.text(st.characters(exclude_categories=("Nd",), exclude_characters="@＠%/")))
def test_a_text_without_digits_and_marks_of_an_address_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "piece", ["a", "a.", "1", "1 ", "@", "@a", "a@", "+", "-", ".", "(", "u/", "%40", "x.com/", "aé"]
)
def test_the_longest_text_takes_no_time(piece):
    started = time.perf_counter()
    redact(piece * 50_000)
    # 50,000 steps take some 20 ms; squared, they would take minutes.
    assert time.perf_counter() - started < 5
