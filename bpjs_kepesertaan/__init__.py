"""Pihak Kedua's service: employers and workers enrolled in JKN by BPJS Kesehatan."""
