"""Ask this machine's web server whether it lives; exit 0 where it does.

A container or a unit has no proxy before it, and needs none: probes are answered
before hosts and https are looked at.
"""

import os
import sys
import urllib.request

ADDRESS = f"http://127.0.0.1:{os.environ.get('XIANGJI_WEB_PORT', '8000')}/healthz"

try:
    with urllib.request.urlopen(ADDRESS, timeout=5) as answer:
        sys.exit(0 if answer.status == 200 else 1)
except OSError as error:
    sys.exit(f"the web server does not answer: {error}")
