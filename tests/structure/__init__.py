"""Exhaustiveness: what is declared once is complete everywhere."""
