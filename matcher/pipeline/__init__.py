"""The use cases of import and match: setup, ingest, match, reconcile. CLI, worker, page and library call these.

Data flows one way: files -> statements -> bank lines -> opinions -> decisions by a named policy -> documents. Each step
can be run again at any time and changes nothing that is already so.
"""
