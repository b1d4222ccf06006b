"""Calls to AWS that are signed, and the secret."""
