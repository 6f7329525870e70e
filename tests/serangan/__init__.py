"""Attacks by name: what is sent, and what it must get. The promises are in docs/keamanan.md."""
