"""What is built from sources before the first start: translations and the front end.

Run by path with the environment's Python. Each part has a stamp and is skipped when its sources did not change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DIST = BASE_DIR / "static" / "dist"
STAMP = DIST / ".stamp"
MODULES_STAMP = BASE_DIR / "node_modules" / ".m3m-stamp"
VENV_BIN = Path(sys.executable).parent
OLDEST_NODE = 18


class Stop(Exception):
    """The build cannot go on; the message is what a person reads."""


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def compile_translations() -> None:
    """Compile each catalogue that is newer than its .mo file."""
    for source in sorted((BASE_DIR / "locale").glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        command = [str(VENV_BIN / "pybabel"), "-q", "compile", "-i", str(source), "-o", str(target)]
        _call(command, f"Compiling {source.relative_to(BASE_DIR)} failed")


def digest_of(paths: list[Path]) -> str:
    """One hash over names and contents."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path.relative_to(BASE_DIR)}\0".encode())
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_frontend() -> None:
    """Bundle `frontend/` into `static/dist/` unless this very content is there already."""
    packages = [path for name in ("package.json", "package-lock.json") if (path := BASE_DIR / name).exists()]
    sources = [path for path in (BASE_DIR / "frontend").rglob("*") if path.is_file()]
    wanted = digest_of(sources + packages)
    if _read(STAMP) == wanted:
        return
    node, environment = find_node()
    try:
        install_packages(digest_of(packages), environment)
    except Stop as stop:
        if not any(DIST.glob("*")):
            raise
        say(f"{stop}\nGoing on with the front end that was built before.")
        return
    say("Building the front end")
    _call([node, str(BASE_DIR / "frontend" / "build.mjs")], "Building the front end failed", environment)
    STAMP.write_text(wanted)


def find_node() -> tuple[str, dict[str, str]]:
    """Node of the machine when it is young enough and has npm, else the one of the environment, with its PATH."""
    environment = dict(os.environ)
    node = shutil.which("node")
    if node and shutil.which("npm") and _node_major(node) >= OLDEST_NODE:
        return node, environment
    environment["PATH"] = f"{VENV_BIN}{os.pathsep}{environment.get('PATH', os.defpath)}"
    bundled = VENV_BIN / "node"
    if not bundled.exists():
        raise Stop(
            f"The front end needs Node.js {OLDEST_NODE} or later with npm; install it and run this again."
        )
    return str(bundled), environment


def _node_major(node: str) -> int:
    try:
        done = subprocess.run(  # noqa: S603  (found in PATH)
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
        return int(done.stdout.strip().lstrip("v").partition(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


def install_packages(wanted: str, environment: dict[str, str]) -> None:
    """Put the locked packages into node_modules; raises Stop when npm cannot."""
    if _read(MODULES_STAMP) == wanted:
        return
    say("Installing the front-end packages")
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    # Scripts of packages stay off: esbuild works without its own, and nothing else may run here.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _call(command, "npm could not install the front-end packages (is its registry reachable?)", environment)
    MODULES_STAMP.write_text(wanted)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _call(command: list[str], failure: str, environment: dict[str, str] | None = None) -> None:
    """Run a tool in silence; raises Stop with the end of its output when it fails."""
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=BASE_DIR,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise Stop(f"{failure}: {error.strerror}.") from error
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise Stop(f"{tail}\n{failure}." if tail else f"{failure}.")


def main() -> None:
    """Build what is missing; two commands started at once wait for one another."""
    folder = os.open(BASE_DIR, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        compile_translations()
        build_frontend()
    finally:
        os.close(folder)


if __name__ == "__main__":
    try:
        main()
    except Stop as stop:
        say(str(stop))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
