"""Check digits: published vectors, every single wrong digit, and what a payer may quote of a number."""

from __future__ import annotations

import random

import pytest

from matcher.rules import references
from matcher.rules.references import Scheme, luhn, luhn_digit, mod11, mod11_digit, payloads, readings, viite

N = 400
N_HEAVY = 100_000


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (luhn, "123455"),
        (luhn, "1234574"),
        (luhn, "47118"),
        (luhn, "471169"),
        (luhn, "1234567806"),
        (luhn, "12344"),
        (luhn, "23456783"),
        (luhn, "18"),
        (luhn, "26"),
        (mod11, "12343"),
        (mod11, "23456788"),
        (mod11, "6-"),
        (viite, "12345672"),
        (viite, "1232"),
        (viite, "0012345672"),
        (references.rf, "RF18539007547034"),
        (references.rf, "RF8512345672"),
        (references.rf, "RF35123ABCZ"),
        (references.qrr, "210000000003139471430009017"),
        (references.ogm, "010806817183"),
        (references.ogm, "000000009797"),
        (references.dutch, "5000056789012345"),
    ],
)
def test_a_published_number_is_right(check: object, number: str) -> None:
    assert check(number)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "digits"),
    [("160-9908", "1609908"), ("5402-9681", "54029681"), ("160-9907", None), ("16-9908", None), ("160-990A", None)],
)
def test_a_bankgiro_number_has_seven_or_eight_digits_and_a_check_digit(text: str, digits: str | None) -> None:
    assert references.bankgiro(text) == digits


@pytest.mark.parametrize(("text", "digits"), [("28 65 43-4", "2865434"), ("28 65 43-5", None), ("1", None)])
def test_a_plusgiro_number_has_two_to_eight_digits_and_a_check_digit(text: str, digits: str | None) -> None:
    assert references.plusgiro(text) == digits


@pytest.mark.parametrize(
    ("text", "scheme", "payload"),
    [
        ("1234574", Scheme.OCR, "12345"),
        ("471169", Scheme.OCR, "4711"),
        ("23456788", Scheme.KID, "2345678"),
        ("12345672", Scheme.VIITE, "1234567"),
        ("RF8512345672", Scheme.RF, "12345672"),
        ("210000000003139471430009017", Scheme.QRR, "21000000000313947143000901"),
        ("010806817183", Scheme.OGM, "108068171"),
    ],
)
def test_a_reading_tells_scheme_and_payload(text: str, scheme: Scheme, payload: str) -> None:
    found = [reading.payload for reading in readings(text) if reading.scheme is scheme]

    assert any(one.startswith(payload) for one in found)


def test_a_payload_shorter_than_four_signs_is_none() -> None:
    assert payloads("1232") == set()
    assert payloads("47118") == {"4711"}


def test_letters_and_foreign_digits_are_no_number() -> None:
    assert readings("12345Ä") == []
    assert readings("١٢٣٤٥") == []


def _numbers(count: int) -> list[str]:
    rng = random.Random(1)
    return ["".join(rng.choice("0123456789") for _ in range(rng.randint(3, 20))) for _ in range(count)]


def _check_single_errors(count: int) -> None:
    for payload in _numbers(count):
        number = payload + luhn_digit(payload)
        assert luhn(number)
        for place, right in enumerate(number):
            wrong = [digit for digit in "0123456789" if digit != right]
            assert not any(luhn(number[:place] + digit + number[place + 1 :]) for digit in wrong), number


def test_luhn_finds_every_single_wrong_digit() -> None:
    _check_single_errors(N)


@pytest.mark.heavy
def test_luhn_finds_every_single_wrong_digit_of_many_numbers() -> None:
    _check_single_errors(N_HEAVY // 100)


def test_luhn_finds_every_exchange_of_neighbours_but_09_and_90() -> None:
    for payload in _numbers(N):
        number = payload + luhn_digit(payload)
        for place in range(len(number) - 1):
            pair = number[place : place + 2]
            turned = number[:place] + pair[::-1] + number[place + 2 :]
            assert luhn(turned) == (pair[0] == pair[1] or pair in {"09", "90"}), number


def test_modulus_11_and_the_finnish_check_find_every_single_wrong_digit() -> None:
    for payload in _numbers(N):
        kid, finnish = payload + mod11_digit(payload), payload + references.viite_digit(payload)
        place = len(payload) // 2
        for digit in "0123456789":
            if digit != payload[place]:
                changed = payload[:place] + digit + payload[place + 1 :]
                assert not mod11(changed + kid[-1])
                assert references.viite_digit(changed) != finnish[-1]
