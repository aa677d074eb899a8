"""ISO 4217 currencies and their number of decimals (the exponent of the minor unit)."""

from __future__ import annotations

from recon_core.domain.refused import UnknownCurrency

# Two decimals unless named below. Active codes of ISO 4217 list one, plus the ones recently replaced that still
# occur in archived statements.
_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL EEK MAD MDL MGA MKD MMK MNT MOP "
    "MRU MRO MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
    "SDG SEK SGD SHP SLE SLL SOS SRD SSP STN STD SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
    "VEF VES WST XCD XCG YER ZAR ZMW ZWG ZWL BYR DEM ATS BEF CYP ESP FIM FRF GRD IEP ITL LUF MTL NLG PTE SIT SKK"
)
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

# ISO 4217's code for "no currency": it stands where a source names none, and equals no account's currency. Amounts are
# then kept in hundredths.
NO_CURRENCY = "XXX"

EXPONENTS: dict[str, int] = {
    code: exponent
    for exponent, codes in ((2, f"{_TWO} {NO_CURRENCY}"), (0, _ZERO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}


def exponent(code: str) -> int:
    """Number of decimals of an ISO 4217 currency: SEK 2, JPY 0, KWD 3.

    Raises `UnknownCurrency` for anything else; a currency is never guessed.
    """
    try:
        return EXPONENTS[code]
    except KeyError:
        raise UnknownCurrency(
            f"{code!r} is no ISO 4217 currency code.", cure="Correct the code in the file or the account's settings."
        ) from None
