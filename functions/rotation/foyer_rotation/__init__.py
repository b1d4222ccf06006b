"""Rotates the app client's secret and the session key, without a moment when sign-in fails."""
