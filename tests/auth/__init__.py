"""Tokens, the agreement at this moment, the edge, evidence."""
