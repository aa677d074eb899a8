"""Entries that are cut out of a file and entries that go through the tokenizer give the same, whatever is done to them.

The cut is what is fast; the tokenizer is what is right. So each file here is read both ways.
"""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.parsers.statements import Statement
from tests.parsers.camt_files import (
    details,
    document,
    entry,
    full,
    line_of,
    only,
    outcome,
    read,
    statement,
    without_place,
)
from tests.parsers.camt_mutants import mutants

# More entries of one shape than it takes to learn it.
MANY = 130


def same_both_ways(data: str | bytes) -> tuple[list[object], list[str]]:
    raw = data.encode() if isinstance(data, str) else data
    cut, tree = outcome(raw, only_tree=False), outcome(raw, only_tree=True)
    assert cut == tree
    return cut  # type: ignore[return-value]


ODD_TEXTS = {
    "comment": "Rech<!-- a > b -->nung",
    "comment with an entry": "Rech<!-- </Ntry><Ntry> -->nung",
    "cdata": "<![CDATA[A & B < C > D]]>",
    "cdata with an entry": "<![CDATA[</Ntry>]]>",
    "instruction": "Rech<?php </Ntry> ?>nung",
    "entities": "A &amp; B &lt; C &gt; &quot;&apos;",
    "character references": "A&#38;B&#x20AC;&#10;",
    "greater than": "A > B",
    "two of them": "x>y>z",
    "forged tags": "x>/Ustrd>>Ustrd>y",
    "forged tags in a line": "x>/Ustrd>\n>Ustrd>y",
    "line ends": "one\r\ntwo\rthree",
    "blanks": "  padded \t",
    "empty": "",
    "letters": "Ärzte € 𝄞 Ł",
    "a control character": "a\x1fb",
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
@pytest.mark.parametrize("place", [0, 1, MANY - 1])
def test_odd_texts_are_read_the_same(text: str, place: int) -> None:
    """In the first entry, in one whose shape is new, and in one whose shape is known."""
    entries = [entry(inside=details(f"<RmtInf><Ustrd>plain {number}</Ustrd></RmtInf>")) for number in range(MANY)]
    entries[place] = entries[place].replace(f"plain {place}", text)

    lines, _ = same_both_ways(document(statement(*entries)))

    assert len(lines) == MANY


def test_a_payer_can_t_forge_tags() -> None:
    entries = [entry(inside=details("<RmtInf><Ustrd>a</Ustrd><Ustrd>b</Ustrd></RmtInf>"))] * MANY
    forged = entry(inside=details("<RmtInf><Ustrd>x>/Ustrd>>Ustrd>y</Ustrd></RmtInf>"))

    *_, last = only(document(statement(*entries, forged))).lines

    assert last.remittance == "x>/Ustrd>>Ustrd>y"


def test_a_tag_inside_a_text_can_t_become_one() -> None:
    assert line_of(entry(info="&lt;Amt&gt;1&lt;/Amt&gt;")).remittance == "<Amt>1</Amt>"


BROKEN = {
    "unknown entity": "&nbsp;",
    "lone ampersand": "A & B",
    "end of cdata": "a ]]> b",
    "reference to no letter": "&#0;",
    "unclosed": "<Ustrd>",
    "closed twice": "</Ustrd></Ustrd>",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("place", [0, 1, MANY - 1])
def test_what_is_not_well_formed_is_refused_both_ways(text: str, place: int) -> None:
    entries = [entry(info=f"plain {number}") for number in range(MANY)]
    entries[place] = entries[place].replace(f"plain {place}", text)

    _, others = same_both_ways(document(statement(*entries)))

    assert "unreadable" in others


BETWEEN = ["\n", "<!-- x -->", "<!-- <Ntry> -->", "<?pi?>", "text", "<AddtlInf>x</AddtlInf>", "<Ntry/>", "\r\n\t"]


@pytest.mark.parametrize("between", BETWEEN)
def test_what_stands_between_entries_changes_nothing(between: str) -> None:
    xml = document(statement(*(entry(f"{n}.00") + between for n in range(1, MANY))))

    lines, _ = same_both_ways(xml)

    assert len([line for line in lines if line.amount]) == MANY - 1  # type: ignore[attr-defined]


def test_an_entry_inside_an_entry_is_no_entry_of_its_own() -> None:
    nested = entry("5.00", inside=f"<Extra>{entry('7.00')}</Extra>")

    lines, _ = same_both_ways(document(statement(entry(), nested, entry("2.00"))))

    assert [line.amount for line in lines] == [1000, 500, 200]  # type: ignore[attr-defined]


def test_other_attributes_and_spellings_are_read_the_same() -> None:
    one = entry(inside=details("<RmtInf><Ustrd>x</Ustrd></RmtInf>"))
    forms = [
        one.replace("<Ntry>", '<Ntry a="1">'),
        one.replace('Ccy="EUR"', "Ccy='EUR'"),
        one.replace('Ccy="EUR"', 'Ccy = "EUR" x="y"'),
        one.replace("</Ntry>", "</Ntry >"),
        one.replace("<TxDtls>", "<TxDtls >"),
        one.replace("<Ustrd>x</Ustrd>", "<Ustrd/>"),
        one.replace("<Ustrd>x</Ustrd>", "<Ustrd />"),
        one.replace("<RmtInf>", '<RmtInf xmlns="urn:other">'),
    ]

    lines, others = same_both_ways(document(statement(one, *forms, one)))

    assert len(lines) == len(forms) + 2
    assert "unreadable" not in others


@pytest.mark.parametrize("kind", ["052", "053", "054"])
def test_a_file_that_is_cut_off_anywhere_is_refused_both_ways(kind: str) -> None:
    xml = full(kind, "08").xml
    one = re.search(r"<Ntry>.*</Ntry>", xml)
    assert one is not None
    whole = xml.replace(one[0], one[0] * 4).encode()

    for end in range(200, len(whole) - 1, 41):
        _, others = same_both_ways(whole[:end])
        assert "unreadable" in others


TEXT = st.text(st.sampled_from("ab <>&;/!?-[]'\"\n\r\tÄ€ "), max_size=12)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "]]&gt;")


@given(st.lists(st.lists(TEXT, max_size=3), min_size=1, max_size=12), st.sampled_from(["", "\n  ", "\r\n"]))
def test_any_text_in_any_number_of_elements_is_read_the_same(texts: list[list[str]], gap: str) -> None:
    entries = []
    for several in texts:
        lines = "".join(f"<Ustrd>{escaped(text)}</Ustrd>{gap}" for text in several)
        entries.append(entry(inside=details(*[f"<RmtInf>{lines}</RmtInf>"] * len(several))))

    lines, _ = same_both_ways(document(statement(*entries * 2)))

    assert len(lines) == 2 * len(texts)


@pytest.mark.parametrize("seed", range(6))
def test_damaged_files_are_read_the_same(seed: int) -> None:
    for data in mutants(seed, 40):
        same_both_ways(data)


@pytest.mark.parametrize("seed", range(6, 10))
def test_damaged_files_of_known_shapes_are_read_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.parsers.camt.entry.SIGHTINGS_MIN", 2)
    for data in mutants(seed, 40):
        same_both_ways(data)


@pytest.mark.heavy
@pytest.mark.parametrize("sightings", [2, 100])
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_damaged_files_are_read_the_same(seed: int, sightings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.parsers.camt.entry.SIGHTINGS_MIN", sightings)
    for data in mutants(seed, 1000):
        same_both_ways(data)


# What an entry or its transaction may have; a text in braces is one of those below.
ENTRY_PARTS = (
    "<NtryRef>{text}</NtryRef>",
    "<AcctSvcrRef>{text}</AcctSvcrRef>",
    "<RvslInd>{flag}</RvslInd>",
    '<AmtDtls><InstdAmt><Amt Ccy="USD">{amount}</Amt></InstdAmt></AmtDtls>',
    '<Chrgs><Rcrd><Amt Ccy="EUR">{amount}</Amt><ChrgInclInd>{flag}</ChrgInclInd></Rcrd></Chrgs>',
    "<BkTxCd><Domn><Cd>{code}</Cd></Domn><Prtry><Cd>{code}</Cd></Prtry></BkTxCd>",
    "<AddtlNtryInf>{text}</AddtlNtryInf>",
    "<Other>{text}</Other>",
)
TRANSACTION_PARTS = (
    "<Refs><EndToEndId>{text}</EndToEndId><AcctSvcrRef>{text}</AcctSvcrRef><MndtId>{text}</MndtId></Refs>",
    '<Amt Ccy="EUR">{amount}</Amt>',
    '<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt><InstdAmt><Amt Ccy="SEK">{amount}</Amt></InstdAmt></AmtDtls>',
    "<CdtDbtInd>{direction}</CdtDbtInd>",
    '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">{amount}</TtlChrgsAndTaxAmt></Chrgs>',
    "<BkTxCd><Domn><Cd>{code}</Cd></Domn><Prtry><Cd>{code}</Cd></Prtry></BkTxCd>",
    "<RltdPties><Dbtr><Nm>{text}</Nm></Dbtr><DbtrAcct><Id><IBAN>{text}</IBAN></Id></DbtrAcct></RltdPties>",
    "<RltdPties><Cdtr><Nm>{text}</Nm></Cdtr><UltmtCdtr><Nm>{text}</Nm></UltmtCdtr></RltdPties>",
    "<RltdPties><TradgPty><Nm>{text}</Nm></TradgPty></RltdPties>",
    "<RmtInf><Ustrd>{text}</Ustrd><Ustrd>{text}</Ustrd></RmtInf>",
    "<RmtInf><Strd><RfrdDocInf><Nb>{text}</Nb></RfrdDocInf><CdtrRefInf><Ref>{text}</Ref></CdtrRefInf></Strd></RmtInf>",
    "<RmtInf><Strd><CdtrRefInf><Ref>{text}</Ref></CdtrRefInf></Strd><Strd><CdtrRefInf><Ref>{text}</Ref></CdtrRefInf></Strd></RmtInf>",
    "<RtrInf><Rsn><Cd>{code}</Cd></Rsn><AddtlInf>{text}</AddtlInf></RtrInf>",
    "<AddtlTxInf>{text}</AddtlTxInf>",
)
VALUES = {
    "text": ("A", "B", " C ", "", "NOTPROVIDED", "x &amp; y", "de12 345"),
    "amount": ("10.00", "10.00", "10.00", "5.00", "", "x", "1.234"),
    "code": ("PMNT", "PMNT", "ACMT", ""),
    "flag": ("false", "false", "false", "true"),
    "direction": ("CRDT", "CRDT", "DBIT", ""),
    "status": ("BOOK", "BOOK", "BOOK", "BOOK", "PDNG", "INFO", "what"),
    "day": ("2026-01-30", "2026-01-30", "2026-01-31", "2026-02-30", ""),
}


CURRENCIES = ("<Ccy>EUR</Ccy>", "<Ccy>EUR</Ccy>", "<Ccy>SEK</Ccy>", "")


def filled(form: str, random: Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: random.choice(VALUES[found[1]]), form)


def alike(random: Random) -> list[str]:
    """Entries of one shape that differ in what they say."""
    transaction = "".join(random.sample(TRANSACTION_PARTS, random.randint(0, 6)))
    listed = f"<TxDtls>{transaction}</TxDtls>" * random.choice((0, 1, 1, 1, 2, 3))
    batch = random.choice(("", "", '<Btch><NbOfTxs>2</NbOfTxs><TtlAmt Ccy="EUR">{amount}</TtlAmt></Btch>'))
    form = (
        '<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>{{day}}</Dt></BookgDt>{''.join(random.sample(ENTRY_PARTS, random.randint(0, 4)))}"
        f"<NtryDtls>{batch}{listed}</NtryDtls></Ntry>"
    )
    return [filled(form, random) for _ in range(30)]


def check_alike(seed: int, count: int) -> None:
    random = Random(seed)
    for _ in range(count):
        entries = [one for _ in range(3) for one in alike(random)]
        random.shuffle(entries)
        same_both_ways(document(statement(*entries)))
        same_both_ways(document(*in_statements(entries, random)))


def in_statements(entries: list[str], random: Random) -> list[str]:
    """The entries in small statements of three accounts, two of which the entries may name as well."""
    found = []
    while entries:
        size = random.randint(0, 12)
        account = f"<Acct><Id><Othr><Id>{random.choice('ABC')}</Id></Othr></Id>{random.choice(CURRENCIES)}</Acct>"
        found.append(statement(*entries[:size], account=account))
        entries = entries[size:]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_entries_of_known_shapes_are_read_the_same_whatever_they_say(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.parsers.camt.entry.SIGHTINGS_MIN", 2)
    check_alike(seed, 6)


@pytest.mark.parametrize("seed", range(200, 204))
def test_the_statements_of_a_file_are_read_as_each_of_them_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their lines are made together, and still each has its account, its currency and its own oddities."""
    monkeypatch.setattr("matcher.parsers.camt.entry.SIGHTINGS_MIN", 2)
    random = Random(seed)
    for _ in range(4):
        statements = in_statements([one for _ in range(3) for one in alike(random)], random)

        together = [told(one) for one in read(document(*statements))]

        assert together == [told(only(document(one))) for one in statements]


def told(found: Statement) -> tuple[object, ...]:
    """What a statement says, without the places in the file."""
    header = found.header._replace(source=None)
    lines = [without_place(line) for line in found.lines]
    return header, lines, [(odd.code, odd.severity, odd.message) for odd in found.diagnostics]


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(100, 120))
def test_very_many_entries_of_known_shapes_are_read_the_same_whatever_they_say(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matcher.parsers.camt.entry.SIGHTINGS_MIN", 2)
    check_alike(seed, 100)


def test_shapes_without_number_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcher.parsers.camt.entry.FORMS_MAX", 5)
    entries = [entry(inside=details(f"<RmtInf><Ustrd>{n}</Ustrd></RmtInf><X{n}>kept</X{n}>")) for n in range(40)]

    lines, _ = same_both_ways(document(statement(*entries)))

    assert [line.extra for line in lines] == [((f"X{n}", "kept"),) for n in range(40)]  # type: ignore[attr-defined]


def test_a_new_statement_may_have_another_currency_and_account() -> None:
    bare = entry().replace(' Ccy="EUR"', "")
    accounts = [
        "<Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>SEK</Ccy></Acct>",
        "<Acct><Id><Othr><Id>2</Id></Othr></Id><Ccy>JPY</Ccy></Acct>",
    ]
    xml = document(*(statement(*[bare] * MANY, account=account) for account in accounts))

    same_both_ways(xml)
    first, second = read(xml)

    assert {(line.currency, line.amount) for line in first.lines} == {("SEK", 1000)}
    assert {(line.currency, line.amount) for line in second.lines} == {("JPY", 10)}
