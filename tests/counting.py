"""A client that counts a goal by REST until it has counted enough, and never knows less than it was told.

    python -m tests.counting PORT PATH NAME COUNT < TOKEN

Each increment has an Idempotency-Key of its own, NAME-1 to NAME-COUNT. Where no answer comes, or one that tells nothing
of the outcome, the same request is sent again. A line with the number is printed for each increment that was answered.
"""

from __future__ import annotations

import sys
import time
from http.client import HTTPConnection, HTTPException

PATIENCE = 60.0


class Client:
    def __init__(self, port: int, path: str, token: str) -> None:
        self._port, self._path, self._token = port, path, token
        self._connection: HTTPConnection | None = None

    def increment(self, key: str) -> None:
        """Raises AssertionError for a refusal, TimeoutError where nobody answers."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            status = self._send(key)
            if status == 200:
                return
            assert status == 0 or status >= 500, status
            time.sleep(0.05)
        raise TimeoutError(key)

    def _send(self, key: str) -> int:
        """The status of the answer; 0 where none came."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": key}
        try:
            self._connection = self._connection or HTTPConnection("127.0.0.1", self._port, timeout=30)
            self._connection.request("POST", self._path, headers=headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            if self._connection:
                self._connection.close()
            self._connection = None
            return 0
        return answer.status


def main() -> None:
    port, path, name, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
    client = Client(port, path, sys.stdin.read())
    for number in range(1, count + 1):
        client.increment(f"{name}-{number}")
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
