"""Identifiers, normal forms, field sets and the agreement as data."""
