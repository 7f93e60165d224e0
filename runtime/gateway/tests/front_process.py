"""`python -m runtime.gateway.tests.front_process FD SETTINGS`: a real front process on a socket of its parent."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

from runtime.gateway.app import serve
from runtime.gateway.settings import GatewaySettings


def main(fileno: int, text: str) -> None:
    values = json.loads(text)
    values["platform_cookies"] = frozenset(values["platform_cookies"])
    values["trusted_proxies"] = tuple(values.get("trusted_proxies", ()))
    for name in ("runtime_dir", "web_socket"):
        values[name] = Path(values[name])
    serve(GatewaySettings(**values), socket.socket(fileno=fileno), log_level="warning")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
