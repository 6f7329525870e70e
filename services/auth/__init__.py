"""Who calls, with which right: client assertions, tokens, scopes from the agreement."""
