"""A second opinion on statement files: each is read by our reader and by an independent one, and every difference listed.

Second readers: mt-940 for MT940 and MT942, lxml with plain XPath for camt, ofxparse for OFX. They share no code with ours
but the opening of files and the choice of the character set. Compared are the statements, the number of lines, dates,
signed amounts, bank references and balances. A difference that is a known fault of the second reader carries the code
of its reason; any other wants a person's look. A check costs several times the reading and holds the file in memory:
it is for trying a bank's files before they are trusted, not for the nightly run.
"""

from matcher.crosscheck.check import Checked, Difference, crosscheck

__all__ = ["Checked", "Difference", "crosscheck"]
