"""Readers of statement files: one module or folder a format, pure, independent of each other."""
