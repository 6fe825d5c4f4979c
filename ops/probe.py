"""Ask this machine's web server whether it lives; exit 0 where it does.

A container or a unit has no proxy before it, so the probe says what the proxy would:
that the request came by https, and to which host.
"""

import os
import sys
import urllib.request

PORT = os.environ.get("XIANGJI_WEB_PORT", "8000")
HOST = os.environ.get("XIANGJI_HOSTS", "localhost").split(",")[0].strip()

request = urllib.request.Request(
    f"http://127.0.0.1:{PORT}/healthz",
    headers={"Host": HOST, "X-Forwarded-Proto": "https"},
)
try:
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  ours
        sys.exit(0 if answer.status == 200 else 1)
except OSError as error:
    sys.exit(f"the web server does not answer: {error}")
