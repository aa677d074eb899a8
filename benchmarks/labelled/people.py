"""Invented parties and the ways in which banks print their names."""

from __future__ import annotations

import random
from typing import NamedTuple


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words(
    "Anna Maja Elsa Astrid Karin Linnéa Ebba Freja Saga Tuva Åsa Märta Inger Solveig Kari Tove Aino Helmi Sofia Katja Nora "
    "Erik Lars Oskar Hugo Nils Arvid Göran Sören Åke Håkon Øystein Bjørn Jarmo Antti Pekka Jürgen Günter Klaus René José "
    "Zoë Chloé Fatima Leila Amir Omar Mehmet Wei Linh Priya Tomás Björn Knut Søren Mads Ida"
)
_FAMILY = _words(
    "Andersson Bergqvist Carlsson Dahl Edström Forsgren Granath Hellqvist Isberg Jonsson Kjellberg Lindahl Malmström Norén "
    "Olofsson Palmgren Rosén Sandgren Törnqvist Ulander Viksten Wretman Åberg Ängquist Öman Haugen Bråten Nygård Solheim "
    "Virtanen Korhonen Mäkinen Hämäläinen Møller Kjær Nørgaard Müller Schäfer Weiß Köhler Dubois Lefèvre García Öztürk Nguyen "
    "Haddad Lind Lund Lindh Hansen Jensen Hedman Hedlund Hedberg"
)
_TOWN = _words(
    "Gävle Kalmar Mora Skara Ystad Piteå Lund Bodø Ålesund Vaasa Åbo Lübeck Köln Århus Odense Umeå Sala Tierp"
)
_TRADE = _words(
    "Bygg Måleri Rör El Tryckeri Redovisning Transport Livs Plåt Mekaniska Konsult Bageri Optik Fastigheter Förvaltning "
    "Skog Marin Data Energi Städ Trädgård Snickeri Glas Verktyg Media Arkitekter Logistik Elektronik"
)
_FORM = ("AB", "AB", "AB", "HB", "KB", "Aktiebolag", "AS", "Oy", "GmbH", "ApS", "Ltd", "Ek. för.", "")
PLAIN = str.maketrans("ÅÄÖåäöØøÆæÜüÉéÈèËëß", "AAOaaoOoAaUuEeEeEes")
_SPELT = {
    "Å": "AA",
    "Ä": "AE",
    "Ö": "OE",
    "å": "aa",
    "ä": "ae",
    "ö": "oe",
    "Ø": "OE",
    "ø": "oe",
    "Ü": "UE",
    "ü": "ue",
    "ß": "ss",
}


class Party(NamedTuple):
    """Somebody we deal with. `weight` is how often."""

    name: str
    is_company: bool
    weight: float


def parties(rng: random.Random, count: int, *, alike: float) -> list[Party]:
    """Distinct parties; a share `alike` has a name that differs from another's by an initial, a letter or a form."""
    found: dict[str, Party] = {}
    while len(found) < count:
        company = rng.random() < 0.55
        name = _company(rng) if company else _person(rng)
        if found and rng.random() < alike:
            other = rng.choice(list(found.values()))
            name, company = _sibling(rng, other), other.is_company
        weight = 1 / (1 + rng.expovariate(0.1)) * (30 if rng.random() < 0.01 else 1)
        found.setdefault(name, Party(name, company, weight))
    return list(found.values())


def _person(rng: random.Random) -> str:
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    kind = rng.random()
    if kind < 0.25:
        return f"{given} {rng.choice('ABCDEFGHIJKLMNOPRSTUVW')} {family}"
    if kind < 0.45:
        return f"{given} {rng.choice(_GIVEN)} {family}"
    if kind < 0.65:
        return f"{given} {family}-{rng.choice(_FAMILY)}"
    return f"{given} {family}"


def _company(rng: random.Random) -> str:
    kind = rng.random()
    trade, form = rng.choice(_TRADE), rng.choice(_FORM)
    if kind < 0.3:
        head = f"{rng.choice(_FAMILY)}s {trade}"
    elif kind < 0.5:
        head = f"{rng.choice(_TOWN)}s {rng.choice(_FAMILY)}s {trade}"
    elif kind < 0.7:
        head = f"{rng.choice(_FAMILY)} & {rng.choice(_FAMILY)} {trade}"
    elif kind < 0.85:
        head = f"{''.join(rng.choice('ABCDEFGHJKLMNPRSTVX') for _ in range(3))} {trade}"
    else:
        head = f"{rng.choice(('Nordiska', 'Svenska', 'Norsk', 'Baltic', 'Alpine'))} {trade} {rng.choice(_TOWN)}"
    return f"{head} {form}".strip()


def _sibling(rng: random.Random, other: Party) -> str:
    words = other.name.split()
    if other.is_company:
        if words[-1] in _FORM:
            words[-1] = rng.choice(_FORM[:-1])
        else:
            words[-1] = rng.choice(_TRADE)
    elif len(words) == 3 and len(words[1]) == 1:
        words[1] = rng.choice("ABCDEFGHIJKLMNOPRSTUVW")
    else:
        words[0] = rng.choice(_GIVEN)
    return " ".join(words)


def printed(rng: random.Random, name: str, *, distort: float = 0.0) -> str:
    """A name as a bank prints it. `distort` is the chance of more than upper case and spelt-out letters."""
    kind = rng.random()
    if kind < 0.35:
        name = name.upper()
    elif kind < 0.45:
        name = name.translate(PLAIN)
    elif kind < 0.55:
        name = "".join(_SPELT.get(sign, sign) for sign in name)
    if rng.random() < distort:
        name = _distorted(rng, name)
    return name


def _distorted(rng: random.Random, name: str) -> str:
    kind = rng.random()
    if kind < 0.25:
        return name[: rng.choice((18, 20, 24, 27))].strip()
    if kind < 0.55:
        at = rng.randrange(1, max(2, len(name) - 2))
        return rng.choice(
            (name[:at] + name[at + 1 :], name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :])
        )
    if kind < 0.7:
        words = name.split()
        return f"{words[-1]}, {' '.join(words[:-1])}" if len(words) > 1 else name
    if kind < 0.85:
        return name.replace(" & ", rng.choice((" och ", " + ", " O ", " . ", " "))).replace("AB", "Aktiebolag")
    return " ".join(word for word in name.split() if word not in _FORM) or name
