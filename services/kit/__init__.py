"""Plumbing without domain words, for every program of the exchange."""
