"""Foyer: the sign-in endpoint of a serverless app, in front of Amazon Cognito."""
