"""Where the matcher's opinions are kept: match runs and proposals, in the database of the books, in a schema part of
their own. Facts stay in recon_core; nothing here changes the books.
"""
