"""Who is signed in: the session, its cookie, sign-in attempts, and what a request shows."""
