"""What the two bodies agreed: field sets, identifiers and the agreement itself.

Nothing here knows the web or a database; both services, the reconciler and the
command line read the same declarations.
"""
