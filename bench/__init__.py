"""Compares Foyer's cold starts and warm requests with other stacks: `make bench`."""
