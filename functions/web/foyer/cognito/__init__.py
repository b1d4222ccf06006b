"""Amazon Cognito over HTTPS: OAuth endpoints, ID tokens and their keys, the user API."""
