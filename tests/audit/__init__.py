"""The ledger of access: who saw whom, what it costs, and what it is good for."""
