"""What both registries do alike, written once: records, change feed, look-ups, proposals."""
