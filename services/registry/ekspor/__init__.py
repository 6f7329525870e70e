"""Snapshots of a whole field set for the first load: signed, in immutable parts, resumable.

`petugas` makes them in the background, one at a time; `buku` keeps what was asked for and what
became of it, `cuplikan` reads one moment of the table, `bagian` makes the parts, `gudang` holds
their files and `routes` gives them (docs/keputusan/0008).
"""
