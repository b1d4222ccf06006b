"""A local stand-in for Cognito managed login, in front of MiniStack.

No emulator has managed login, and without it nobody can sign up or sign in offline. These pages
follow Cognito's paths and read what they enforce (callback and logout URLs, scopes, password
policy, MFA, required attributes) from the user pool, so that what the template says is what
happens. Besides, they make good what MiniStack's OAuth endpoints lack.

Known to differ from Cognito, on purpose:

- A session of the pages keeps the password in memory for its hour: a second authorization code
  cannot be had from MiniStack without it. Nothing is written to disk, and nothing of this ships.
- After confirming the e-mail address, a person signs in; Cognito goes straight on.
- With optional MFA the sign-in page offers to set up an authenticator app; Cognito leaves that
  to the app.
- Before anybody chose a language with ``lang``, these pages ask the browser (Accept-Language);
  Cognito speaks English. The inbox and the users page, which Cognito lacks, are English always.
- Authorization codes only, no federation, no passkeys.
"""

from local.managed_login.app import create_app
from local.managed_login.settings import ManagedLogin

__all__ = ["ManagedLogin", "create_app"]
