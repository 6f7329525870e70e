"""Pihak Kesatu's service: the registry of company reports (WLKP) of Kemnaker."""
