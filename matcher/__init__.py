"""Bank statement import and auto-matching: parsers, rules, engine, pipeline and their entrypoints."""
