"""The local stack that `make run` starts. None of it is deployed to AWS.

Rules that the app's pages and the local login pages share come from the web function's package.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "functions/web"))
