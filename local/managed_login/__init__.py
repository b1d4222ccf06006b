"""A local version of Cognito managed login, in front of MiniStack.

MiniStack does not implement managed login, and without it nobody can sign up or sign in offline.
These pages use Cognito's paths. They read what they enforce (callback and logout URLs, scopes,
password policy, MFA, required attributes) from the user pool, so they follow the template. They
also add what MiniStack's OAuth endpoints lack.

Deliberate differences from Cognito:

- A session of the pages keeps the password in memory for one hour, because MiniStack requires it
  for a second authorization code. Nothing is written to disk, and none of this is deployed.
- After confirming the e-mail address, users have to sign in; Cognito signs them in.
- Until a language is chosen with ``lang``, these pages use the browser's (Accept-Language);
  Cognito uses English. The inbox and the users page, which Cognito lacks, are always in English.
- Authorization codes only, no federation, no passkeys.
"""

from local.managed_login.app import create_app
from local.managed_login.settings import ManagedLogin

__all__ = ["ManagedLogin", "create_app"]
