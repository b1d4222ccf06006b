"""The offline stack: what `make run` starts. Nothing of it ships to AWS."""
