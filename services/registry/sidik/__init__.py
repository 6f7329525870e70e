"""The digest tree of a registry: its key, its sums, its routes (docs/keputusan/0007)."""
