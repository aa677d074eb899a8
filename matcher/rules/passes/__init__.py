"""The passes: one file a rule, its docstring is its manual page."""
