"""Evidence: what was done (events) and who saw whose data (ledger of access)."""
