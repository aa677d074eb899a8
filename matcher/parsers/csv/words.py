"""What the columns of bank exports are called, in the languages of Europe: patterns for the names, first ones first.

Patterns are matched without case at the beginning of a word, or of a part of a compound (`says`).
"""

from __future__ import annotations

import re

# What banks write for money out and money in.
SIGN_WORDS = (
    ("Af", "Bij"),
    ("D", "C"),
    ("D", "K"),
    ("DBIT", "CRDT"),
    ("Debit", "Credit"),
    ("Debet", "Kredit"),
    ("Deebet", "Kreedit"),
    ("Débit", "Crédit"),
    ("Dare", "Avere"),
    ("S", "H"),
    ("Soll", "Haben"),
    ("Out", "In"),
    ("Ut", "In"),
    ("Ausgang", "Eingang"),
    ("Saída", "Entrada"),
    ("Uttag", "Insättning"),
    ("Withdrawal", "Deposit"),
    ("-", "+"),
)
PENDING = {
    *("pending", "reserved", "reserverad", "reserverat", "reserveret", "väntar", "vorgemerkt", "authorised"),
    *("authorized", "umsatz vorgemerkt", "in behandeling", "en cours", "non contabilizzato", "odotettu"),
}
NOT_BOOKED = {
    *("reverted", "declined", "failed", "cancelled", "canceled", "avvisad", "avslagen", "avvist", "slettet"),
    *("geweigerd", "abgelehnt", "refusé", "storniert"),
}
MARKS = {
    "kr": "SEK",
    "€": "EUR",
    "eur": "EUR",
    "euro": "EUR",
    "£": "GBP",
    "zł": "PLN",
    "kč": "CZK",
    "ft": "HUF",
    "$": "USD",
}

BALANCE = r"saldo|balance|bal\b|kontostand|solde|zůstatek|zostatok|egyenleg|jääk|likutis|stan rachunku"
AMOUNT = (
    r"belopp|amount|bedrag|betrag|beløb|beloep|importe|montant|summa|kwota|importo|value$|valor$|umsatz in|määrä|částka|"
    r"zaúčtovaná|objem|suma\b|összeg|gross|net$"
)
OUT = (
    r"debit|debet|ut\b|uttag|paid out|money out|withdrawal|belastung|lastschrift|soll|débit|hævet|uscit|dare\b|addebit|cargo|"
    r"debe\b|saída|obciążen|wydatk|payments?\b|spent"
)
IN = (
    r"credit|kredit|in\b|inn\b|insättning|paid in|money in|deposit|gutschrift|haben|crédit|indsat|entrat|avere|accredit|"
    r"abono|haber\b|entrada|uznan|wpływ|receipts?\b"
)
FEE = r"fee\b|avgift\b|gebyr\b|poplatek"
VALUE = r"valut|value|värde|rente|valör|wert|valor|valeur|waluty|arvo|értéknap|interest"
BOOKING = (
    r"bokf|reskontra|book|buchung|boek|completed|post|bogf|zaúčt|zaúct|księgow|kirjaus|könyvel|contab|comptab",
    r"transaction|datum|date|dato|data|fecha|dátum|kuupäev|giorno",
)
ACCOUNT = (
    r"kontonummer|kontonr|konto\b|auftragskonto|account|rekening|iban|číslo účtu|účet|rachunek|compte|conta\b|cuenta"
)
CLEARING = r"clearing|clnr|sort code|blz|bank code"
# Of a payment before it was changed into the account's currency.
ORIGINAL = r"orig|oorspr|fremd|foreign|local|ursprung|původní"

# Who pays and who is paid: some tables have a column for each.
PAYER = r"zahlungspflicht|auftraggeber|payer|ordinante|nadawc|avsändare|avsender|afsender"
PAYEE = r"zahlungsempf|beg(?:ü|ue)nstigt|empfänger|payee|beneficia|destinatario|odbiorc|mottagare|mottaker|modtager"
PARTY = (
    rf"{PAYER}|{PAYEE}|partner|counter ?-?party|counteraccount|zahlungsbeteiligt|gegenkonto|tegenrekening|motkonto|"
    r"gegenpartij|tegenpartij|motpart|kontrahent|protistran|protiú[čc]|contrepartie|saaja|maksaja|merchant|контрагент"
)
_NAMED = r"nam[en]?\b|naam|navn|namn|nimi|nazwa|naz[eov]|nom\b|nom de|nombre|nome|neve\b|dane"
NUMBERED = r"iban|account|acc?t\b|konto|rekening|účet|účtu|číslo|rachun|tili|compte|számla|nr\b|number|\bid\b"
NAME_OF_PARTY = rf"(?=.*(?:{PARTY})).*(?:{_NAMED})"
# Columns of others that no name of a party is in.
NO_NAME = (
    rf"{NUMBERED}|bank|bic\b|swift|adres|address|email|card|kort|karte|currency|kod\b|code\b|account name|kontonam"
)
# Which texts a name speaks of; a field takes the columns that fit its first pattern, else those of the next one.
HINTS: tuple[tuple[str, str], ...] = (
    (
        "counterparty_account",
        rf"(?=.*(?:{PARTY})).*(?:{NUMBERED})",
    ),
    ("counterparty_account", PARTY),
    ("counterparty_account", r"nr rachunku|tilinumero|iban|kontonummer"),
    ("counterparty_bic", rf"(?=.*(?:{PARTY})).*(?:bic|swift)"),
    ("counterparty_bic", r"bic|swift"),
    ("counterparty_name", NAME_OF_PARTY),
    ("counterparty_name", PARTY),
    ("counterparty_name", r"(?:namn|name|naam|navn|nimi|nome|nom|nombre)$"),
    ("counterparty_name", r"namn|name|naam"),
    ("end_to_end_id", r"end.?to.?end|kundenreferenz"),
    ("mandate_id", r"mandat|machtiging"),
    (
        "creditor_reference",
        r"ocr|creditor reference|kid\b|viite|viitenumber|gestructureerde|structured|betalingskenmerk",
    ),
    (
        "bank_reference",
        (
            r"(?:transaction|transaktions?|transactie|tehingu|transakcji|transakce|pohybu|zkb).?-?"
            r"(?:id|nr|ref|reference|referen[zc]|number)|archive|arkiv|arhiiv|arkisto|bank.?reference|fitid|"
            r"id (?:pohybu|transakce)|nr transakcji|identificador|referencia"
        ),
    ),
    ("exchange_rate", r"exchange rate|växlingskurs|wechselkurs|umrechnungskurs|kurs\b|rate\b|koers"),
    (
        "remittance",
        (
            r"verwendungszweck|mededeling|vrije mededeling|payment reference|zpráva|message|meddelande|viesti|selgitus|tytuł|"
            r"tytul|közlemény|communication|motif|tittel|información|informácia"
        ),
    ),
    (
        "remittance",
        (
            r"text|beschreib|beskriv|description|memo|tekst|libell|concept|narrative|narration|opis|popis|descri|forklaring|hist[óo]rico|"
            r"causale|remarks|avisierung|selitys|lançamento|dettagli|toelichting|besked|описание|назначение"
        ),
    ),
    ("remittance", r"omschrijving|details|rubrik|referen[sc]|reference|notes?\b"),
    (
        "proprietary_code",
        (
            r"typ\b|type|transaktionstyp|code\b|kod\b|mutatiesoort|buchungstext|umsatzart|umsatztyp|vorgang|laji|tapahtuma|"
            r"operazione|movimiento|betalingstype|subcategory"
        ),
    ),
)


def says(name: str, words: str) -> bool:
    """Whether a column's name has one of the words, at the beginning of a word or of the name's compound."""
    return re.search(rf"(?:^|[^\w])(?:{words})|^\w*(?:{words})", name, re.IGNORECASE) is not None
