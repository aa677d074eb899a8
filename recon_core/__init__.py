"""The books: facts about statements, book transactions and reconciliations, and the only code that changes them.

recon_core knows nothing of matching; it can be used alone, with every decision made by a person.
"""

__version__ = "0.1.0"
