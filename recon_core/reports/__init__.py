"""Reads only: SQL to frozen rows to text, CSV, JSON."""
