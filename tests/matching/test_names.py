"""What banks do to names, and which differences make another party."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.rules.names import NameLevel, compare, fold, without_accents
from matcher.rules.parties import Directory


@pytest.mark.parametrize(
    ("printed", "ours"),
    [
        ("ÖSTERSUNDS MÖBLER AB", "Östersunds Möbler Aktiebolag"),
        ("Oestersunds Moebler AB", "Östersunds Möbler AB"),
        ("OSTERSUNDS MOBLER AB", "Östersunds Möbler AB"),
        ("UMEAA JANSSONS BIL AB", "Umeå Janssons Bil AB"),
        ("DANIELSSON O SANDSTRÖM ÅKERI AB", "Danielsson & Sandström Åkeri AB"),
        ("DANIELSSON . SANDSTROEM AAKERI AB", "Danielsson & Sandström Åkeri AB"),
        ("Dahlberg, Zoë Zäta", "Zoë Zäta Dahlberg"),
        ("HB,Bergslagens Möbler", "Bergslagens Möbler HB"),
        ("Mobler (publ) A B", "Möbler AB"),
        ("Berg Redovisning Ek. foer.", "Berg Redovisning Ek. för."),
        ("Møller A/S", "Moller AS"),
        ("Øberg Bakken I/S", "ØBERG BAKKEN"),
        ("Weiss GmbH", "Weiß GmbH"),
        ("GARAGE SCHROEDER", "Garage Schröder SAS"),
        ("SAS AB (publ)", "SAS AB"),
        ("Berg Redovisning", "Berg Redovisning AB"),
        ("SANDSTRÃ–M Ã…KERI AB", "Sandström Åkeri AB"),
        ("MaÅ‚gorzata WÃ³jcik", "Małgorzata Wójcik"),
    ],
)
def test_case_accents_legal_forms_and_order_are_no_difference(printed: str, ours: str) -> None:
    assert compare(fold(printed), fold(ours)) is NameLevel.EQUAL


@pytest.mark.parametrize(
    ("printed", "ours", "level"),
    [
        ("Hedlund & Fredriks", "Hedlund & Fredriksson Maskin GmbH", NameLevel.CUT),
        ("LINDBERG & MÅNSSON KÖK OCH BAD A", "Lindberg & Månsson Kök och Bad AB", NameLevel.CUT),
        ("Borås Förvaltning Akti", "Borås Förvaltning Aktiebolag", NameLevel.CUT),
        ("Emli Wikström", "Emil Wikström", NameLevel.MISSPELT),
        ("Viklunds Masin HB", "Viklunds Maskin HB", NameLevel.MISSPELT),
        ("Mika  ONyberg", "Mika O Nyberg", NameLevel.CUT),
        ("HELSINGBORGS NILSSONS INDUSTtRIS", "Helsingborgs Nilssons Industriservice AB", NameLevel.MISSPELT),
        ("Lunds Data", "Svenska Lunds Data HB", NameLevel.SIMILAR),
        ("Mika Andersson", "Mika I Andersson", NameLevel.SIMILAR),
        ("M Andersson", "Mika Andersson", NameLevel.SIMILAR),
        ("ANDERSSON MIKA ILMARI", "Mika I Andersson", NameLevel.SIMILAR),
    ],
)
def test_a_misprint_keeps_the_party(printed: str, ours: str, level: NameLevel) -> None:
    assert compare(fold(printed), fold(ours)) is level


@pytest.mark.parametrize(
    ("printed", "ours"),
    [
        ("Ulla K Holmgren", "Ulla F Holmgren"),
        ("KGP Kyl AB", "KGB Kyl AB"),
        ("Berg Data AB", "Berg Data HB"),
        ("Anna Lind", "Anna Holm"),
        ("Lindgrens Bygg AB", "Lindgrens Bageri AB"),
        ("Garage Schröderson", "Garage Schröder SAS"),
        ("U Jaccardell", "Bo Jaccardell"),
        ("V Bygg AB", "Viking Bygg AB"),
        ("Åkesson Olof", "Åkesson & Berg"),
    ],
)
def test_another_initial_acronym_form_or_trade_is_another_party(printed: str, ours: str) -> None:
    assert compare(fold(printed), fold(ours)) is NameLevel.DIFFERENT


def test_a_word_that_another_party_bears_is_no_misspelling() -> None:
    assert compare(fold("Anna Lund"), fold("Anna Lind")) is NameLevel.MISSPELT
    assert compare(fold("Anna Lund"), fold("Anna Lind"), {"ANNA", "LIND", "LUND"}) is NameLevel.DIFFERENT


@pytest.mark.parametrize("text", ["", "  ", "TRANSACTION", "NOTPROVIDED", "-"])
def test_a_placeholder_names_nobody(text: str) -> None:
    assert compare(fold(text), fold("Berg AB")) is NameLevel.UNKNOWN


def _directory(*names: str) -> Directory:
    folded = [fold(name) for name in names]
    return Directory(folded, range(len(folded)))


def test_a_misprinted_name_is_found_if_it_can_be_one_party_only() -> None:
    directory = _directory("Emil Wikström", "Emilia Vikström", "Bergs Data AB", "Bergs Bygg AB")

    assert directory.find(fold("Emli Wikström")) == 0
    assert directory.find(fold("BERGS DTAA AB")) == 2


def test_a_cut_name_that_two_parties_begin_with_is_nobody() -> None:
    directory = _directory("Lindgrens Bilverkstad AB", "Lindgrens Bilar AB")

    assert directory.find(fold("LINDGRENS BIL")) == -1


WORDS = st.sampled_from(
    ["Lind", "Lund", "Ek", "Hedlunds", "Hedlund", "Berg", "X", "Data", "Däta", "O'Brien", "AB", "Oy", "Aktiebolag"]
)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=6))
def test_a_party_is_found_by_each_name_that_it_compares_with(printed: str, names: list[str]) -> None:
    directory = _directory(*names)

    found = directory.like(fold(printed))

    near = [
        variant
        for variant, name in enumerate(names)
        if compare(fold(printed), fold(name), directory.known_words) >= NameLevel.MISSPELT
    ]
    assert set(found) <= set(near)
    assert {one for one in near if _shares_a_key(printed, names[one])} == set(found)


def _shares_a_key(printed: str, ours: str) -> bool:
    left, right = fold(printed).words, fold(ours).words
    return "".join(left)[:5] == "".join(right)[:5] or any(len(word) >= 4 and word in right for word in left)


@given(st.lists(NAMES | st.text(max_size=8)))
def test_names_without_their_accents_fold_alike(names: list[str]) -> None:
    assert [fold(name) for name in without_accents(names)] == [fold(name) for name in names]
