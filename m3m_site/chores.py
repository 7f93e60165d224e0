"""The commands behind `make test`, `make lint` and their kin; run by path with the environment's Python."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

BASE_DIR = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PACKAGES = ("m3m_site", "accounts", "projects", "goals", "pipeline", "runtime", "iot", "plugins")
# Apps whose tests run on both databases: those that ask in SQL of their own, or lean on locks.
ON_BOTH = ("projects", "goals")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOTHING_COLLECTED = 5
APT_LIMIT = 600


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def call(*command: str | Path, environment: dict[str, str] | None = None) -> int:
    """Exit code of a tool that writes to this terminal."""
    return subprocess.call([str(part) for part in command], cwd=BASE_DIR, env=environment)  # noqa: S603


def in_turn(*steps: Callable[[], int]) -> int:
    """Exit code of the first step that fails, else 0."""
    return next((code for step in steps if (code := step())), 0)


def lint() -> int:
    return in_turn(
        lambda: call(BIN / "ruff", "check", "--quiet"),
        lambda: call(BIN / "ruff", "format", "--check", "--quiet") and _not_formatted(),
        lambda: call(BIN / "lint-imports", "--no-logo"),
        lambda: call(BIN / "mypy", *_python_roots()),
        _lint_templates,
    )


def _not_formatted() -> int:
    call(BIN / "ruff", "format", "--check")
    say("`make fix` formats these files.")
    return 1


def _python_roots() -> list[str]:
    return [*PACKAGES, *(name for name in ("tests", "benchmarks") if any((BASE_DIR / name).glob("*.py")))]


def _lint_templates() -> int:
    if not any((BASE_DIR / "templates").rglob("*.html")):
        return 0
    return call(BIN / "djlint", "templates", "--lint", "--quiet")


def fix() -> int:
    call(BIN / "ruff", "check", "--fix", "--quiet")
    return call(BIN / "ruff", "format")


def test(arguments: Sequence[str]) -> int:
    """Lint, migrations, then pytest: quick tests, slow ones, those that need the machine for themselves, and the
    tests of data once more on PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="m3m-") as folder:
        environment = {**os.environ, "M3M_DATA": f"{folder}/data", "M3M_RUN": f"{folder}/run"}
        code = in_turn(lint, lambda: _migrations(environment))
    if code:
        return code
    ensure_chromium()
    say("Quick tests")
    quick = pytest("-n", "2", "-m", "not slow and not browser", *arguments)
    say("Slow tests, two files at a time")
    slow = pytest("-n", "2", "--dist", "loadfile", "-m", "(slow or browser) and not alone", *arguments)
    say("Tests that need the machine for themselves")
    alone = pytest("-m", "alone", *arguments)
    again = on_postgresql(arguments)
    return quick or slow or alone or again


def on_postgresql(arguments: Sequence[str]) -> int:
    """Run the tests of apps that keep data once more, on a database that PostgreSQL makes for them.

    Without a PostgreSQL it fails where CI=true. Where files are named, only those of these apps are run.
    """
    paths = [one for one in arguments if (BASE_DIR / one.split("::")[0]).exists()]
    chosen = [one for one in paths if Path(one).parts[0] in ON_BOTH] if paths else list(ON_BOTH)
    if not chosen:
        return 0
    say("Tests of data again, on PostgreSQL")
    others = [one for one in arguments if one not in paths]
    host = os.environ.get("M3M_TEST_POSTGRES_HOST", "127.0.0.1")
    port = os.environ.get("M3M_TEST_POSTGRES_PORT", "5432")
    try:
        psycopg.connect(host=host, port=port, user="postgres", dbname="postgres", connect_timeout=3).close()
    except psycopg.Error as error:
        say(f"There is no PostgreSQL at {host}:{port}: {' '.join(str(error).split())}")
        return int(os.environ.get("CI") == "true")
    environment = {
        **os.environ,
        "M3M_DATABASE_DRIVER": "postgresql",
        "M3M_DATABASE_HOST": host,
        "M3M_DATABASE_PORT": port,
        "M3M_DATABASE_USER": "postgres",
        "M3M_DATABASE_NAME": f"m3m_{secrets.token_hex(4)}",
    }
    return in_turn(
        lambda: pytest("-n", "2", "-m", "not slow", *chosen, *others, environment=environment),
        lambda: pytest("-m", "slow", *chosen, *others, environment=environment),
    )


def _migrations(environment: dict[str, str]) -> int:
    return call(
        sys.executable, "manage.py", "makemigrations", "--check", "--dry-run", environment=environment
    )


def pytest(*arguments: str, environment: dict[str, str] | None = None) -> int:
    code = call(BIN / "pytest", *arguments, environment=environment)
    return 0 if code == NOTHING_COLLECTED else code


def ensure_chromium() -> None:
    """Install the system's Chromium where this may be done, else say how; its tests report the rest."""
    if any(shutil.which(name) for name in CHROMIUM):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say("The browser tests need Chromium; install it (Debian: apt-get install chromium).")
        return
    say("Installing Chromium for the browser tests with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "chromium"]):
        try:
            subprocess.run(  # noqa: S603
                command, env=environment, stdout=subprocess.DEVNULL, timeout=APT_LIMIT, check=True
            )
        except (subprocess.SubprocessError, OSError) as error:
            say(f"Chromium could not be installed ({error}); install it by hand.")
            return


def bench(arguments: Sequence[str]) -> int:
    return call(sys.executable, "-m", "benchmarks", *arguments)


def docs() -> int:
    return call(BIN / "sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


def lock() -> int:
    """Resolve requirements*.in anew, for every platform, with hashes."""
    compile_ = (
        BIN / "uv",
        "pip",
        "compile",
        "--universal",
        "--generate-hashes",
        "--python-version",
        "3.11",
        "--no-header",
        "--quiet",
    )
    return in_turn(
        lambda: call(*compile_, "requirements.in", "-o", "requirements.txt"),
        lambda: call(*compile_, "requirements-dev.in", "-o", "requirements-dev.txt"),
    )


def main(arguments: Sequence[str]) -> int:
    command, rest = arguments[0], list(arguments[1:])
    if command in ("test", "bench"):
        return (test if command == "test" else bench)(rest)
    return {"lint": lint, "fix": fix, "docs": docs, "lock": lock}[command]()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
