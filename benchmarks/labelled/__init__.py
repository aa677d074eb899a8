"""An open labelled benchmark for matching bank lines with book transactions: generator, scorer, baselines."""
