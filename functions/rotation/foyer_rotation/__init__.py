"""Rotates the app client's secret and the session key without interrupting sign-in."""
