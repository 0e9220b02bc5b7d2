"""The health check of a container: ``python -m orra.probe`` ends with 0 if the process in it answers ``/livez``,
else with 1. Imports nothing but the standard library, so that it may be asked often."""

from __future__ import annotations

import os
import sys
import urllib.request

SECONDS = 4


def main() -> int:
    port = os.environ.get("ORRA_HEALTH_PORT", "").strip() or os.environ.get("PORT", "").strip() or "8005"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/livez", headers={"Host": "localhost"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
