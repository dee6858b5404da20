"""Terms, normal forms, sizes, numbers, negations and names, in many scripts and in none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memx_core.text import (
    STOP_WORDS,
    asking,
    estimate_tokens,
    fingerprint,
    mentioned,
    names,
    negated,
    normal_form,
    numbers,
    sizes,
    tokens,
)

ANYTHING = st.text(st.characters(codec=None), max_size=60)  # lone surrogates and controls too
WORDY = st.text(alphabet="aA.,'\"-*()! \u00e9\u0130\u4e2d\u200b\u2019+#1\n", max_size=12)


# Terms ----------------------------------------------------------------------------------------


def test_forms_of_a_word_become_one_term():
    assert tokens("running runs") == tokens("run RUN")


def test_stop_words_are_dropped_unless_nothing_else_is_there():
    assert tokens("What is the kettle?") == ["kettl"]
    assert tokens("Who is it?") == ["who", "is", "it"]


@pytest.mark.parametrize(
    "word", ["c++", "c#", ".net", "v2.0", "3.5%", "user_id", "node.js", "gpt-4", "1.2.3", "o'neil"]
)
def test_signs_that_belong_to_a_word_stay_in_it(word):
    assert word in tokens(f"She said {word.upper()}, and left.")


def test_what_differs_only_in_its_sign_stays_apart():
    assert set(tokens("C++")).isdisjoint(tokens("C#"))
    assert set(tokens("C++")).isdisjoint(tokens("C"))


def test_parts_of_a_compound_are_found_too():
    assert {"user", "id"} <= set(tokens("user_id"))
    assert {"exampl", "ada@example.org"} <= set(tokens("ada@example.org"))
    assert {"mother", "law"} <= set(tokens("mother-in-law"))
    assert "node" in tokens("node.js")


def test_an_address_is_found_by_its_host():
    assert set(tokens("docs.example.org")) <= set(tokens("see https://docs.example.org/guide?page=2"))


def test_a_number_is_found_with_or_without_its_separators():
    assert tokens("1,200") == tokens("1200")


def test_possessives_contractions_and_elisions_leave_the_word():
    assert tokens("Ada's kettle isn\u2019t") == tokens("ada kettle")
    assert tokens("l'orange d'Amiens") == tokens("orange amiens")


def test_case_width_accents_and_composition_do_not_matter():
    assert tokens("ＣＡＦÉ") == tokens("cafe\u0301") == tokens("café") == tokens("Cafe")
    assert tokens("STRASSE") == tokens("Straße")
    assert tokens("Łódź İzmir") == tokens("lodz izmir")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("живу возле Москвы", "Москва"),
        ("أعيش في القاهِرة", "القاهرة"),
        ("אני גרה בחיפה", "גרה"),
        ("मैं दिल्ली में रहता हूँ", "दिल्ली"),
        ("Μένω στην Αθήνα", "αθήνα"),
        ("私は東京に住んでいます", "東京"),
        ("コーヒーが好き", "コーヒー"),
        ("我养了一只猫", "猫"),
        ("서울에 살아요", "서울"),
        ("ผมชอบกาแฟดำ", "กาแฟ"),
        ("我用Python写代码", "python"),
    ],
)
def test_words_of_every_script_are_found(text, word):
    assert set(tokens(word)) <= set(tokens(text))
    assert tokens(word)


def test_scripts_without_spaces_become_pairs():
    assert tokens("コーヒー") == ["コー", "ーヒ", "ヒー"]
    assert tokens("서") == ["서"]


def test_a_language_chooses_its_stemmer():
    assert tokens("Häuser", language="german") == tokens("Haus", language="de") == ["haus"]
    assert tokens("running kettles", language="klingon") == ["running", "kettles"]


def test_a_run_without_end_becomes_one_short_term():
    (term,) = tokens("x" * 1_000_000)
    assert 0 < len(term) < 100


@given(ANYTHING | WORDY)
@example("\ud800 \x00 '' -- .a")
def test_any_text_has_terms_that_are_words(text):
    terms = tokens(text)
    assert all(term.strip() for term in terms)
    assert bool(terms) == any(character.isalnum() or character == "_" for character in "".join(terms))


@given(st.lists(st.sampled_from(sorted(STOP_WORDS)), min_size=1))
def test_a_text_of_stop_words_keeps_terms(words):
    assert tokens(" ".join(words))


def test_threads_may_share_the_stemmers():
    text = " ".join(f"running{n} jumping swimmers happily" for n in range(50))
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(tokens, [text] * 64))
    assert all(result == tokens(text) for result in results)


# Normal forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "variant",
    [
        "lives in oslo",
        " Lives  in\tOslo. ",
        '"Lives in Oslo!"',
        "“Lives in Oslo”",
        "- lives in Oslo",
        "**Lives in Oslo**",
    ],
)
def test_case_spacing_quotes_and_outer_punctuation_do_not_matter(variant):
    assert fingerprint(variant) == fingerprint("Lives in Oslo")


def test_invisible_characters_and_kinds_of_quotes_do_not_matter():
    assert normal_form("It\u2019s \u200bfi\u00adne") == normal_form("It's fine")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("knows C++", "knows C"),
        ("knows C#", "knows C"),
        ("it was -5", "it was 5"),
        ("-5", "5"),
        ("is a vegan", "is not a vegan"),
        ("v2.0", "v20"),
        ("3.5", "35"),
        (".NET", "net"),
        ("我喜欢茶", "我不喜欢茶"),
        ("?", "!"),
        ("a 😀", "a 😢"),
    ],
)
def test_what_means_something_else_has_another_form(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_a_minus_is_a_minus_however_it_is_written():
    assert normal_form("\u22125") == normal_form("-5")


@given(ANYTHING | WORDY)
def test_a_normal_form_is_its_own(text):
    assert normal_form(normal_form(text)) == normal_form(text)


@given(ANYTHING | WORDY)
def test_only_a_blank_text_has_an_empty_form(text):
    visible = text.translate(dict.fromkeys(map(ord, "\u200b\u00ad")))
    if any(character.isalnum() for character in visible):
        assert normal_form(text)


# Sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("She moved to a small house near the harbour last spring and likes it there.", 16, 24),
        ("我上个月搬到了上海" * 32, 210, 330),
        ("Весной прошлого года я переехала в Москву", 8, 16),
        ("2026-05-07 14:30", 8, 14),
        ("👍" * 10, 10, 40),
        ("", 0, 0),
        (" ", 1, 1),
    ],
)
def test_sizes_are_about_what_a_model_counts(text, least, most):
    assert least <= estimate_tokens(text) <= most


@given(ANYTHING.filter(bool))
def test_a_text_costs_something_and_more_of_it_no_less(text):
    assert estimate_tokens(text) >= 1
    assert estimate_tokens(text + "\n" + text) >= estimate_tokens(text)


@given(st.lists(ANYTHING | WORDY, max_size=4))
def test_lines_weigh_together_what_their_text_does(lines: list[str]):
    broken = [f"{line}\n" for line in lines]
    assert sum(map(sizes.weight, broken)) == sizes.weight("".join(broken))


@given(st.text(st.characters(codec="ascii"), max_size=40))
@example("HTTPServer aB {{{!}} 12345  6 7")
def test_a_text_weighs_the_same_beside_letters_of_another_script(text: str):
    assert sizes.weight(f"{text}\n\u00e9") == sizes.weight(f"{text}\n") + sizes.weight("\u00e9")


@pytest.mark.parametrize("text", ["The boat, number 12, sails.\n", "Der Kahn f\u00e4hrt 120 km, \u6f22\u5b57 2.\n"])
def test_a_long_text_weighs_what_its_lines_do(text: str) -> None:
    assert sizes.weight(text * 5_000) == 5_000 * sizes.weight(text)


def test_what_is_remembered_of_sizes_has_an_end() -> None:
    for letters in product("abcdefghijklmnopqrst", repeat=3):
        sizes.weight(" ".join(f"{''.join(letters)}{last}" for last in "abcde"))
        sizes.weight("w" * 100 + " " + "X" * 1_000)
    held = sizes._ASCII_SCALE
    assert len(held) <= 16_384
    assert max(map(len, held)) <= 32


# Numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,200 or 1200 or 1.2k or twelve hundred or 1.2 thousand", {"1200"}),
        ("two cats, 2 dogs, both on the 2nd", {"2"}),
        ("twenty-one, twenty one and 21st", {"21"}),
        ("3 million, 2.5 billion", {"3000000", "2500000000"}),
        ("2026-05-07 at 7:30", {"2026", "5", "7", "30"}),
        ("-5, minus five and \u22125", {"-5"}),
        ("$5.00 and 5", {"5"}),
        ("v1.2.3", {"1.2.3"}),
        ("٣ كتب و１２", {"3", "12"}),
        ("a two-bedroom flat, wait a second, a dozen", {"2", "12"}),
        ("none at all, someone, tent, sixties", set()),
    ],
)
def test_numbers_are_read_in_one_notation(text, expected):
    assert numbers(text) == expected


def test_a_number_of_any_length_is_read():
    assert numbers("9" * 10_000) == {"9" * 10_000}


# Negations ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "I do not eat fish",
        "She doesn\u2019t ski",
        "I cannot swim",
        "no longer works there",
        "never was in Rome",
        "has no car",
        "Ich esse keinen Fisch",
        "Je ne mange pas",
        "No como pescado",
        "Não gosto",
        "Я не ем рыбу",
        "我不吃鱼",
        "魚が好きではありません",
        "لا أحب السمك",
        "אני לא אוכלת דגים",
        "मैं मछली नहीं खाता",
    ],
)
def test_a_denial_is_noticed(text):
    assert negated(text)


@pytest.mark.parametrize(
    "text", ["I eat fish", "No, I do", "not only fish", "knots and notes", "她的未来", "味道不错", "Ich esse Fisch"]
)
def test_what_denies_nothing_is_no_denial(text):
    assert not negated(text)


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Moved to Oslo with Rosa Lind's brother", {"oslo", "rosa", "lind"}),
        ("Rosa likes tea. Then Bo's dog barked", {"rosa", "bo"}),
        ("We saw Dr. McKay of IKEA there again", {"mckay", "ikea"}),
        ("Rosa married Viktor Lind", {"rosa", "viktor", "lind"}),
        ("User visited Buenos Aires", {"buenos", "aires"}),
        ("Gone With the Wind", set()),
        ("Живёт около Казани возле Анны", {"казани", "анны"}),
        ("Running is fun. Coffee helps.", set()),
        ("User met Mom on Monday in May", set()),
        ("I LOVE THE BEACHES OF BRAZIL", set()),
        ("Favourite Food And Drinks", set()),
        ("Sie wohnt in einem Haus mit Garten", set()),
        ("she met rosa", set()),
        ("", set()),
    ],
)
def test_only_sure_names_are_names(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [("oslo", "i live in OSLO"), ("москве", "Москва"), ("zoe", "Zoë's"), ("lodz", "in Łódź"), ("Rosa's", "rosa")],
)
def test_a_name_is_recognised_in_other_forms(name, text):
    assert mentioned(name, text)


@pytest.mark.parametrize(
    ("name", "text"), [("anna", "hanna"), ("rosa", "the rose"), ("oslo", "bergen"), ("bo", "about")]
)
def test_another_word_is_not_the_name(name, text):
    assert not mentioned(name, text)


@given(ANYTHING | WORDY)
def test_any_text_can_be_read(text):
    assert all(name == name.casefold() for name in names(text))
    assert all(number.strip("-.0123456789") == "" for number in numbers(text))
    assert negated(text) in {True, False}


# Questions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["How is it going?", "Really?! Why? \U0001f600", "\u4f60\u597d\u5417\uff1f", "'Who?'"])
def test_a_text_of_questions_only_asks(text):
    assert asking(text) == 1


@pytest.mark.parametrize("text", ["", "!", "I moved to Oslo.", "Why not? I moved to Oslo.", "https://a.b/?q=1 is down"])
def test_a_text_that_ends_with_a_statement_does_not_only_ask(text):
    assert asking(text) == 0


def test_what_is_said_before_a_question_counts():
    assert asking("I moved. And you?") == pytest.approx(8 / 16)


@given(ANYTHING)
def test_how_much_a_text_asks_is_a_part_of_it(text):
    assert 0 <= asking(text) <= 1
