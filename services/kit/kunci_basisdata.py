"""PostgreSQL's advisory locks, all in one place: a number with two uses would make two wait.

The numbers mean nothing. They are the same in every release, because an older program may run
beside a newer one; that of the numbering trigger also stands in the first migrations.
"""

PENOMORAN = 7_406_020
"""Changes get their numbers; every writer of a registry keeps it until the commit."""

MIGRASI = 7_406_021
"""Two programs that start together must not migrate together."""

PERAN = 7_406_022
"""… nor write one catalogue row of roles together."""

EKSPOR = 7_406_023
"""Whoever makes snapshots of this database."""

REKONSILIASI = 7_406_024
"""Whoever leads the rounds of this hub's database."""

SEGEL = 7_406_025
"""Whoever seals evidence in this database."""

PENDAFTARAN = 7_406_026
"""Whoever records about registrations in this database."""

TAHAP_PERAN = 7_406_027
"""The turn of whoever prepares roles: who waits for `PERAN` has begun a transaction."""
