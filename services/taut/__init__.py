"""Linking of records whose keys are missing or mistyped: exact keys, candidates, score, answer."""
