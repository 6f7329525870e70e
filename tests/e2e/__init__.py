"""Both services, the reconciler and PostgreSQL together, over real HTTP."""
