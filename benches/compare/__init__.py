"""The parts of `benches/compare.py`."""
