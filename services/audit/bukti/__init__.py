"""The evidence log: a record of each message, chained, sealed, and checked by others offline."""
