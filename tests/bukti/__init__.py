"""The evidence log: records, chain, seals, offline check."""
