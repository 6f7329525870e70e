"""Kemnaker's queue: companies and workers that only BPJS Kesehatan knows."""
