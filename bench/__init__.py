"""Generators and timings; imported by nobody. Run by `make bench`."""
