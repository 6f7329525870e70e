"""Version 1 of the exchange: field sets of the Lampiran and the messages about them."""
