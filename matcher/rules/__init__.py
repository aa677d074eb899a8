"""One file a rule; pure: columns in, candidates with evidence out."""
