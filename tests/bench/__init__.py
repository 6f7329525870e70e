"""Throughput as ratios taken in one run: `make bench`, or `python -m tests.bench --singkat`.

Absolute speed of a shared machine drifts by a factor of two within the hour. Each figure is
therefore a ratio of two measurements taken alternately (A B A B), its median and its spread.
"""
