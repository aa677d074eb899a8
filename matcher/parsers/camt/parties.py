"""Who a transaction is with: `RltdPties` and `RltdAgts` of `TxDtls`, old and new paths.

`X/Nm` up to .06, `X/Pty/Nm` and `X/Agt/FinInstnId` from .07; `BIC`, `BICFI`, `CmbndId/BIC`; accounts as `IBAN`, `BBAN`,
`UPIC`, `PrtryAcct/Id`, `Othr/Id` or `Prxy/Id`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from matcher.parsers.camt.tags import Extra, LocalNames, Slots, clean, keep, slots

_PARTIES = slots(["Dbtr", "Cdtr", "DbtrAcct", "CdtrAcct", "UltmtDbtr", "UltmtCdtr", "TradgPty"])
DEBTOR, CREDITOR, DEBTOR_ACCOUNT, CREDITOR_ACCOUNT, ULTIMATE_DEBTOR, ULTIMATE_CREDITOR, TRADING_PARTY = range(1, 8)
_AGENTS = slots(["DbtrAgt", "CdtrAgt"])
_PARTY = slots(["Nm", "Pty", "Agt", "FinInstnId"])
_AGENT = slots(["FinInstnId", "BIC", "BICFI", "AnyBIC", "CmbndId", "ClrSysMmbId", "Nm", "NmAndAdr"])
_INSIDE_AGENT = (_AGENT["FinInstnId"], _AGENT["CmbndId"], _AGENT["NmAndAdr"])
_ACCOUNT_ID = slots(["IBAN", "BBAN", "UPIC", "PrtryAcct", "Othr"])
_ACCOUNT = slots(["Id", "Prxy"])


class OwnAccount(NamedTuple):
    """The account of the statement, to tell our side of a payment from the other one's."""

    number: str | None
    owner: str | None


class Counterparty(NamedTuple):
    """The other side of a payment."""

    name: str | None = None
    account: str | None = None
    bic: str | None = None
    ultimate: str | None = None


NOBODY = Counterparty()


def account_number(text: str) -> str:
    """An account number without blanks, in capitals: `se45 5000 ...` is `SE455000...`."""
    text = text.strip()
    return text if text.isalnum() and text.isupper() else "".join(text.split()).upper()


class PartyReader:
    """Reads parties; holds the tables of tags of one file."""

    def __init__(self, names: LocalNames) -> None:
        self._names = names
        self._parties = Slots(_PARTIES)
        self._agents = Slots(_AGENTS)
        self._party = Slots(_PARTY)
        self._agent = Slots(_AGENT)
        self._account = Slots(_ACCOUNT)
        self._account_id = Slots(_ACCOUNT_ID)
        self.own = OwnAccount(None, None)

    def counterparty(
        self, parties: Element | None, agents: Element | None, extra: Extra, *, money_in: bool, came_back: bool
    ) -> Counterparty:
        """The other side: the debtor of money that came in, the creditor of money that went out.

        `came_back` says that the entry undoes a payment. Its parties then keep the roles of the payment that is
        undone, so that the sides swap; but the own account's number or owner, where one side has it, decides first.
        Our own side and all other parties go to `extra`.
        """
        found: list[Element | None] = [None] * 8
        if parties is not None:
            for element in parties:
                slot = self._parties[element.tag]
                if slot and found[slot] is None:
                    found[slot] = element
                else:
                    keep(element, f"RltdPties/{self._names[element.tag]}", self._names, extra)
        debtor = money_in if not came_back else self._debtor_is_other(found, money_in=money_in)
        if debtor:
            party, account, ultimate, agent_slot = found[DEBTOR], found[DEBTOR_ACCOUNT], found[ULTIMATE_DEBTOR], 1
            ours = (found[CREDITOR], found[CREDITOR_ACCOUNT], found[ULTIMATE_CREDITOR])
        else:
            party, account, ultimate, agent_slot = found[CREDITOR], found[CREDITOR_ACCOUNT], found[ULTIMATE_CREDITOR], 2
            ours = (found[DEBTOR], found[DEBTOR_ACCOUNT], found[ULTIMATE_DEBTOR])
        for mine in ours:
            if mine is not None:
                keep(mine, f"RltdPties/{self._names[mine.tag]}", self._names, extra)
        bic = None if agents is None else self._bic_of(agents, agent_slot, extra)
        name = None if party is None else self.name(party, f"RltdPties/{self._names[party.tag]}", extra)
        number = None if account is None else self.account(account, f"RltdPties/{self._names[account.tag]}", extra)[0]
        last = None if ultimate is None else self.name(ultimate, f"RltdPties/{self._names[ultimate.tag]}", extra)
        trading = found[TRADING_PARTY]
        trader = None if trading is None else self.name(trading, "RltdPties/TradgPty", extra)
        if trader and (name or last):
            extra.append(("RltdPties/TradgPty/Nm", trader))
        return Counterparty(name or last or trader, number, bic, last)

    def _debtor_is_other(self, found: list[Element | None], *, money_in: bool) -> bool:
        """For a payment that came back: whether the debtor of the original payment is the other side."""
        debtor, creditor = (
            None if one is None else self.account(one, "", []) for one in found[DEBTOR_ACCOUNT:ULTIMATE_DEBTOR]
        )
        if own := self.own.number:
            ours = debtor is not None and debtor[0] == own, creditor is not None and creditor[0] == own
            if ours[0] != ours[1]:
                return ours[1]
        names = [None if one is None else self.name(one, "", []) for one in found[DEBTOR:DEBTOR_ACCOUNT]]
        if (owner := self.own.owner) and (names[0] == owner) != (names[1] == owner):
            return names[1] == owner
        if (names[0] is None) != (names[1] is None):
            return names[0] is not None
        return not money_in

    def name(self, party: Element, path: str, extra: Extra) -> str | None:
        """Name of a party or of the agent that stands in its place; the rest goes to `extra`."""
        name = None
        for element in party:
            slot = self._party[element.tag]
            if slot == 1:
                name = clean(element.text)
            elif slot == 2:
                name = self.name(element, f"{path}/Pty", extra) or name
            elif slot:
                bic, agent_name = self.agent(element, f"{path}/{self._names[element.tag]}", extra)
                name = name or agent_name or bic
            else:
                keep(element, f"{path}/{self._names[element.tag]}", self._names, extra)
        return name

    def account(self, account: Iterable[Element], path: str, extra: Extra) -> tuple[str | None, str | None]:
        """Number and kind (`IBAN`, `BBAN`, `UPIC`, or None for another scheme) of an account, by its children."""
        number = scheme = proxy = None
        for element in account:
            slot = self._account[element.tag]
            if slot == 1:
                number, scheme = self._account_number(element, f"{path}/Id", extra)
            elif slot == 2:
                proxy = self._only_id(element, f"{path}/Prxy", extra)
            else:
                keep(element, f"{path}/{self._names[element.tag]}", self._names, extra)
        return number or proxy, scheme

    def _account_number(self, identity: Element, path: str, extra: Extra) -> tuple[str | None, str | None]:
        for element in identity:
            slot = self._account_id[element.tag]
            if slot == 1 and element.text:
                return account_number(element.text) or None, "IBAN"
            if slot in (2, 3) and element.text:
                return clean(element.text), self._names[element.tag]
            if slot:
                return self._only_id(element, f"{path}/{self._names[element.tag]}", extra), None
        if not len(identity):
            return clean(identity.text), None
        return None, None

    def _only_id(self, element: Element, path: str, extra: Extra) -> str | None:
        """Text of the `Id` of an element; its scheme and issuer go to `extra`."""
        found = None
        for child in element:
            if found is None and self._account[child.tag] == 1 and not len(child):
                found = clean(child.text)
            else:
                keep(child, f"{path}/{self._names[child.tag]}", self._names, extra)
        return found

    def _bic_of(self, agents: Element, wanted: int, extra: Extra) -> str | None:
        """BIC, or else clearing number, of the other side's bank."""
        bic = None
        for element in agents:
            path = f"RltdAgts/{self._names[element.tag]}"
            if self._agents[element.tag] == wanted:
                bic, name = self.agent(element, path, extra)
                if name:
                    extra.append((f"{path}/FinInstnId/Nm", name))
            else:
                keep(element, path, self._names, extra)
        return bic

    def agent(self, agent: Element, path: str, extra: Extra) -> tuple[str | None, str | None]:
        """BIC (or clearing number) and name of a bank."""
        bic = member = name = None
        for element in agent:
            slot = self._agent[element.tag]
            if slot in _INSIDE_AGENT:
                inner_bic, inner_name = self.agent(element, f"{path}/{self._names[element.tag]}", extra)
                bic, name = bic or inner_bic, name or inner_name
            elif slot == 6:
                member = self._member(element, f"{path}/ClrSysMmbId", extra)
            elif slot == 7:
                name = clean(element.text)
            elif slot:
                bic = clean(element.text) or bic
            else:
                keep(element, f"{path}/{self._names[element.tag]}", self._names, extra)
        if bic and member:
            extra.append((f"{path}/ClrSysMmbId/MmbId", member))
        return bic or member, name

    def _member(self, element: Element, path: str, extra: Extra) -> str | None:
        """Clearing number: `ClrSysMmbId/MmbId`, in .01 `ClrSysMmbId/Id`."""
        member = None
        for child in element:
            if self._names[child.tag] in ("MmbId", "Id") and member is None:
                member = clean(child.text)
            else:
                keep(child, f"{path}/{self._names[child.tag]}", self._names, extra)
        return member
