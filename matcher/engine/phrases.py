"""Every sentence that the engine says, by a stable key, with its facts as fields. One table a language."""

from __future__ import annotations

ENGLISH: dict[str, str] = {
    # What a number on the line says
    "reference.ocr": "OCR {number} is {item}",
    "reference.rf": "reference {number} is {item}",
    "reference.field": "reference {number} is {item}",
    "reference.own": "the bank returns our payment id {number}",
    "reference.own_part": "the bank returns {number}, the beginning of our payment id {item}",
    "reference.cheque": "cheque {number} is {item}",
    "reference.text": '"{number}" in the text is {item}',
    "reference.part": '"{number}" in the text is part of {item}',
    "reference.near": '"{number}" is one sign off {item}',
    "reference.inside": '"{number}" has the number of {item} inside',
    "reference.cut": '"{number}", cut off by the bank, begins {item}',
    "reference.other": '"{number}" belongs to something else than {item}',
    # What the amounts say
    "amount.equal": "amount equal",
    "amount.rounding": "{amount} rounding",
    "amount.fx": "{amount} exchange difference; both sides say {original}",
    "amount.fx_unstated": "{amount} exchange difference",
    "amount.bank_fee": "{amount} kept as a charge",
    "amount.partial": "part payment: {amount} of {asked} is still open",
    "amount.overpayment": "{amount} more than the {asked} asked for",
    "amount.differs": "amounts differ by {amount}",
    # What the dates say
    "date.same": "booked the same day",
    "date.later": "booked {days} later",
    "date.earlier": "booked {days} earlier",
    # What the names say
    "party.equal": "{printed} is the counterparty",
    "party.cut": '"{printed}" is {ours}, cut off by the bank',
    "party.misspelt": '"{printed}" is {ours}, misspelt',
    "party.similar": '"{printed}" may be {ours}',
    "party.different": '"{printed}" is not {ours}',
    # What makes a group
    "group.file": "{count} items that carry {id} add up exactly",
    "group.file_less": "{count} of {total} items that carry {id} add up exactly; the bank left out {rest}",
    "group.day": 'all {count} items of {day} like "{like}" add up exactly',
    "group.day_shared": '{count} items of {day} like "{like}" add up exactly, another line is the rest of them, and no other'
    " division of them fits",
    "group.day_some": '{count} items of {day} like "{like}" add up exactly, and another line is the rest of them',
    "group.run": "{count} items of {day} with consecutive numbers {first} to {last} add up exactly, and no other run does",
    "group.details": "all {count} transactions in the batch are found, each by its own reference or name",
    "group.details_some": "{count} of {total} transactions in the batch are found",
    "group.named_some": "{named} of {count} items are named, and only with the others do they add up",
    "group.named": "{count} items are named, and add up exactly",
    "group.party": "{count} open items of {party} add up exactly, and no other choice of them does",
    "group.party_some": "{count} open items of {party} add up exactly",
    "group.party_rival": "{count} open items of {party} add up exactly; so do others",
    "group.card": "sales of {days} by {party}, {gross}, less a fee of {fee} ({percent} %)",
    "group.card_whole": "sales of {days} by {party}, {gross}",
    "group.instalments": "{count} lines together pay {item} in full",
    "amount.only": "the only open item near in time with this amount, which is too odd to be there by accident",
    "amount.some": "an open item near in time has this amount",
    "transfer.named": "own account {account} is on the line, and the books have a transfer of this amount",
    "transfer.called": "the bank calls it an own transfer, and the books have one of this amount",
    "series": "paired by date with the other payments of this party and amount",
    # Why not cleared
    "rival.one": "not cleared: {rival} fits about as well",
    "rival.many": "not cleared: {count} other explanations fit about as well, {rival} among them",
    "rival.line": "not cleared: line {line} may pay it as well",
    "doubt": "not cleared: it could be so by accident",
    "doubt.sum": "not cleared: such a sum may come about by accident",
    "doubt.number": "not cleared: a number on the line belongs to something else",
    "doubt.number_more": "not cleared: the payer quotes a number that is not the item's",
    "doubt.payer": "not cleared: the payer is somebody else",
    "doubt.no_reference": "not cleared: the payer is somebody else, and the number may be a date or anything else",
    "doubt.neighbour": "not cleared: the number may be right, that of an invoice paid before",
    "doubt.rest": "not cleared: as much is still open of an item of the party that is paid in part",
    "doubt.charge": "not cleared: nothing says that a bank kept a charge",
    "doubt.name": "not cleared: the name is only similar",
    "doubt.often": "not cleared: the party owes so much that one of its items may have this amount by accident",
    "doubt.amount_only": "not cleared: nothing but the amount agrees",
    "gave_up": "the search was cut off at its limit: too many open items to prove that nothing else fits",
    "settings.reference": "not cleared: this account clears by reference only",
    "settings.score": "not cleared: the settings ask for a higher score",
    # What an unmatched line is
    "class.code": "the bank's code {code} says so",
    "class.words": 'the bank\'s text "{text}" says so',
    "class.repeat": "says the same as line {line}, which is matched already: paid twice?",
    "class.return": "gives back line {line}",
    "class.reversed": "was given back by line {line}",
    "class.account": "own account {account} is on the line",
    "class.party": "{printed} is a tax office",
    "class.unknown": "nothing open in the books explains it",
    "near.amount": "nearest: {item} has this amount, but {against}",
    "near.date": "the dates are too far apart ({date})",
    "near.party": "nearest: {item} of {party}, {amount} away",
    "near.against": "nothing but the amount agrees",
}


def say(key: str, **facts: object) -> str:
    """The sentence of a key with its facts filled in."""
    return ENGLISH[key].format(**facts)
