"""WLKP reports from Kemnaker's own system."""
