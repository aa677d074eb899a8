"""Swedish and English: every text of the page, how amounts are written and read, and which language is chosen."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from playwright.sync_api import expect

import matcher.web
from matcher.engine.phrases import ENGLISH, say
from matcher.jobs import FileState, JobState, RunState
from matcher.pipeline.difference_causes import Certainty, Kind
from matcher.pipeline.why import rule_says
from matcher.proposal import Category, MatchStatus
from matcher.rules.order import ORDER
from matcher.web.words import Words, chosen_language
from recon_core.domain.refused import BadAmount
from recon_core.domain.states import (
    DecisionKind,
    DocumentState,
    LineState,
    MatchingPolicy,
    TransactionKind,
    TransactionStatus,
)
from tests.pipeline.small import Small
from tests.web.conftest import Site, write_pairs

FOLDER = Path(str(matcher.web.__file__)).parent
TABLE = tomllib.loads((FOLDER / "swedish.toml").read_text(encoding="utf-8"))


def texts() -> set[str]:
    """Every literal text that templates and modules translate."""
    found: set[str] = set()
    for path in (FOLDER / "templates").glob("*.html"):
        found |= set(re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8")))
    for path in FOLDER.glob("*.py"):
        found |= set(re.findall(r'\bwords\(\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    return found


def test_every_text_of_the_page_has_its_swedish() -> None:
    assert sorted(texts() - set(TABLE["words"])) == []


@pytest.mark.parametrize(
    "codes",
    [RunState, FileState, JobState, DocumentState, LineState, Category, DecisionKind, TransactionStatus, MatchStatus,
     MatchingPolicy, TransactionKind, Certainty, Kind],
)  # fmt: skip
def test_every_code_has_its_swedish(codes: type[StrEnum]) -> None:
    assert [code for code in codes if code.replace("_", " ") not in TABLE["words"]] == []


def test_a_translation_keeps_the_places_of_its_values() -> None:
    for english, swedish in (TABLE["words"] | TABLE["shapes"]).items():
        assert sorted(re.findall(r"\{\w*\}", swedish)) == sorted(re.findall(r"\{\w*\}", english)), english


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("amount equal", "lika belopp"),
        ("Something that nobody has translated.", "Something that nobody has translated."),
        ("50732 in the text is the reference 50733 but for one sign.",
         "50732 i texten är referensen 50733 så när som på ett tecken."),
        ("The bank names 'J. Svensson AB', the books 'J. Svensson AB': the same party.",
         "Banken nämner 'J. Svensson AB', bokföringen 'J. Svensson AB': samma part."),
        ("bank line 5 of 2026-03-01, 5.00 SEK, says the same as bank line 4 of 2026-03-01.",
         "bankrad 5 den 2026-03-01, 5,00 SEK, säger samma som bankrad 4 den 2026-03-01."),
        ("Adjustment 3 of this decision is released. Nothing that is booked is deleted: say on which date it is reversed.",
         "Justering 3 i detta beslut är frisläppt. Inget som är bokfört tas bort: ange datum för omvändningen."),
    ],
)  # fmt: skip
def test_sentences_of_the_engine_are_said_in_swedish(english: str, swedish: str) -> None:
    assert Words("sv").say(english) == swedish
    assert Words("en").say(english) == english


def test_one_is_one_and_amounts_in_a_sentence_are_written_as_people_write_them() -> None:
    assert Words("sv").say("decide 1 proposed line(s)") == "avgör 1 föreslagen rad"
    assert Words("sv").say("decide 21 proposed line(s)") == "avgör 21 föreslagna rader"
    assert Words("en").say("decide 1 proposed line(s)") == "decide 1 proposed line"
    assert Words("en")("{count} line(s) accepted", count=2) == "2 lines accepted"
    assert Words("sv").say("The difference is -50162.66 SEK.") == "Differensen är −50\u00a0162,66 SEK."
    assert Words("en").say("The difference is -50162.66 SEK.") == "The difference is −50,162.66 SEK."
    assert Words("en").say('"1234.50" in the text is invoice 1234.50') == '"1234.50" in the text is invoice 1234.50'


@pytest.mark.parametrize("code", [step.code for step in ORDER])
def test_what_a_pass_goes_by_has_its_swedish(code: str) -> None:
    assert Words("sv").say(rule_says(code)) != rule_says(code)


# Where people meet refusals and causes on the page; what has no Swedish there is said in English, so this holds it.
_SPOKEN = (
    "matcher/pipeline/difference_causes.py",
    "recon_core/services/ticking.py",
    "recon_core/services/release.py",
    "recon_core/services/undo.py",
    "recon_core/services/clearing.py",
    "recon_core/services/control.py",
)


def _sentences(path: str) -> Iterator[str]:
    """Whole sentences in the code of a module, a 1 in each place."""
    for node in ast.walk(ast.parse((FOLDER.parents[1] / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
            if re.fullmatch(r"[1A-Z][^\n]* [a-z][^\n]*[.]", text):
                yield text


@pytest.mark.parametrize("path", _SPOKEN)
def test_refusals_and_causes_have_their_swedish(path: str) -> None:
    missing = [text for text in _sentences(path) if Words("sv").say(text) == Words("en").say(text)]

    assert missing == []


@pytest.mark.parametrize("key", ENGLISH)
def test_every_reason_of_the_engine_has_its_swedish(key: str) -> None:
    facts = dict.fromkeys(re.findall(r"\{(\w+)\}", ENGLISH[key]), "A 1") | {"days": "4 days"}
    english = say(key, **facts)

    assert Words("sv").say(english) != english


def test_names_in_a_sentence_stay_as_they_are_and_states_are_said() -> None:
    assert Words("sv").say("tax is the counterparty") == "tax är motparten"
    assert Words("sv").say("It is balanced: release it first.") == "Den är balanserad: frisläpp den först."
    assert Words("sv").say("nearest: A1 has this amount, but the dates are too far apart (booked 4 days later)") == (
        "närmast: A1 har beloppet, men datumen ligger för långt isär (bokfört 4 dagar senare)"
    )


def test_a_reason_with_its_cure_is_said_sentence_by_sentence() -> None:
    said = Words("sv").say(
        "Statement 3 does not add up. Get a right one from the bank; look at it: recon statement show 3"
    )

    assert said == "Kontoutdrag 3 går inte jämnt upp. Hämta ett rätt från banken; titta på det."


def test_a_cure_is_said_without_its_command() -> None:
    words = Words("en")
    assert words.say("It is balanced: release it first: recon adjust release 7") == "It is balanced: release it first."
    assert words.say("Release them (recon adjust release 1 2) and tick them.") == "Release them and tick them."
    assert Words("sv").say("Match, adjust or ignore them: recon review 1930").startswith("Matcha, justera")


def test_a_cure_that_is_a_command_is_said_as_the_deed_of_the_page() -> None:
    commands = [key for key in TABLE["shapes"] if re.search(r"\brecon [a-z{]", key)]

    assert sorted(commands) == sorted(TABLE["english"])
    assert Words("en").say("recon adjust release 7; then tick it.") == "Release adjustment 7; then tick it."


def test_amounts_are_written_as_people_write_them() -> None:
    assert Words("sv").amount(-123456789, "SEK") == "−1\u00a0234\u00a0567,89"
    assert Words("en").amount(123456789, "SEK") == "1,234,567.89"
    assert Words("en").amount(1234, "JPY") == "1,234"
    assert Words("sv").amount(0, "SEK") == "0,00"


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("text", ["-1234.50", "−1 234,50", "-1234,5", "-1,234.50", "-1.234,50", "- 1 234,50 SEK"])
def test_an_amount_is_read_however_it_is_typed(language: str, text: str) -> None:
    assert Words(language).minor(text, "SEK") == -123450


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("minor", [0, 1, -99, 100, 123456789, -100000000000])
def test_what_is_written_is_read_back(language: str, minor: int) -> None:
    words = Words(language)
    assert words.minor(words.amount(minor, "SEK"), "SEK") == minor


def test_what_could_be_two_amounts_is_refused() -> None:
    for text in ("1,234", "1,2,3", "much", "1e5", ""):
        with pytest.raises(BadAmount):
            Words("sv").minor(text, "SEK")
    assert Words("en").minor("1,234", "SEK") == 123400
    with pytest.raises(BadAmount):
        Words("en").minor("1,234", "KWD")
    assert Words("sv").minor("1,234", "KWD") == Words("en").minor("1.234", "KWD") == 1234


@pytest.mark.parametrize(
    ("asked", "language"),
    [("sv-SE,sv;q=0.9,en;q=0.8", "sv"), ("de,en;q=0.5,sv;q=0.4", "en"), ("de", "en"), ("", "en"), ("sv;q=0", "en")],
)
def test_the_browser_chooses_the_language(asked: str, language: str) -> None:
    assert chosen_language(kept="", asked=asked, usual="en") == language
    assert chosen_language(kept="sv", asked=asked, usual="en") == "sv"


def test_the_page_speaks_swedish_to_a_swedish_browser_until_it_is_told_otherwise(site: Site, small: Small) -> None:
    write_pairs(small, 1)
    page = site.open("/accounts/1930", locale="sv-SE")

    expect(page.locator("html")).to_have_attribute("lang", "sv")
    expect(page.get_by_role("button", name="Godta rad")).to_be_visible()
    expect(page.locator("table.lines tbody tr")).to_contain_text("100,00")
    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("button", name="Accept line")).to_be_visible()
    expect(page).to_have_url(f"{site.address}/accounts/1930")
