"""Every native attack of the security notes: refused inside the lock, possible without it."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from runtime.tests import attacks
from runtime.tests.harness import BECOME_NOBODY, ROOT

USERS = ["root", "nobody"] if os.getuid() == 0 else ["this user"]
# What the kernel refuses an ordinary process by itself, at least on some machines.
NEEDS_RIGHTS = {"bpf", "setuid", "unshare", "io_uring", "ptrace", "process_vm_readv"}
REFUSALS = {"EPERM", "EACCES", "ENOMEM", "died with status -31"}  # -31: killed by the filter


@functools.cache
def outcomes(user: str) -> dict[str, list[str]]:
    """{attack: [inside the lock, without it]}, tried once as `user`."""
    directory = tempfile.mkdtemp(prefix="m3m-attacks-")
    os.chmod(directory, 0o777)  # noqa: S103  (for the other user)
    code = f"import sys; sys.path.append({str(ROOT)!r})\nfrom runtime.tests import attacks\n"
    code += f"{BECOME_NOBODY if user == 'nobody' else ''}\nattacks.main()"
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and code)
            [sys.executable, "-I", "-B", "-c", code, directory],
            env={"SOME": "environment"},
            stdout=subprocess.PIPE,
            timeout=60,
            check=True,
        )
    finally:
        shutil.rmtree(directory)
    results: dict[str, list[str]] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("attack", [a.__name__ for a in (*attacks.NAMED, *attacks.FURTHER)])
class SandboxAttackTest:
    def test_it_is_refused_inside_and_possible_outside(self, attack: str, user: str) -> None:
        if attack not in outcomes(user):
            pytest.skip(f"{attack} exists on x86-64 only")
        locked, control = outcomes(user)[attack]
        print(f"{attack} as {user}: {locked} inside, {control} outside")  # noqa: T201
        assert locked in REFUSALS
        if control != "done":
            assert attack in NEEDS_RIGHTS, f"the control failed: {control}"
            assert user != "root" or attack == "io_uring", f"root was refused without a lock: {control}"


@pytest.mark.parametrize("user", USERS)
class SystemCallTest:
    def test_it_refuses_every_call_that_is_not_listed(self, user: str) -> None:
        assert outcomes(user)["sweep"][0] == "done"


class AttackListTest:
    def test_it_holds_the_21_named_ones(self) -> None:
        # Reading and writing of files count as one there.
        assert len(attacks.NAMED) == 22
