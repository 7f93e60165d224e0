"""Without seccomp no sandbox is made, unless development allows it in so many words."""

from __future__ import annotations

import pytest

from runtime.tests.harness import zygote

WITHOUT_MODULE = "sys.modules['pyseccomp'] = None"
WITHOUT_LIBRARY = """
import ctypes.util
found = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if name == 'seccomp' else found(name)
"""
# A real filter in front of ours: this kernel says no to prctl(PR_SET_SECCOMP), as some containers do.
REFUSING_KERNEL = """
import pyseccomp
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
rules.add_rule(pyseccomp.ERRNO(1), 'prctl', pyseccomp.Arg(0, pyseccomp.EQ, 22))
rules.load()
"""
MISSING = "libseccomp is missing"
REFUSED = "the kernel refuses seccomp filters"


@pytest.mark.parametrize(
    ("setup", "sentence"), [(WITHOUT_MODULE, MISSING), (WITHOUT_LIBRARY, MISSING), (REFUSING_KERNEL, REFUSED)]
)
class RefuseInsecureTest:
    def test_it_refuses_with_a_sentence(self, setup: str, sentence: str) -> None:
        with zygote(setup=setup) as refusing:
            assert refusing.hello.keys() == {"refused"}
            assert sentence in refusing.hello["refused"]
            assert "services are not started" in refusing.hello["refused"]
            assert refusing.process.wait(5) == 1

    def test_it_goes_without_when_told(self, setup: str, sentence: str) -> None:
        with zygote(setup=setup, insecure=True) as insecure:
            box = insecure.serve("router.get('/', () => 'up')")
            assert box.request("/").text == "up"


class AllowInsecureTest:
    def test_it_locks_all_the_same_where_it_can(self) -> None:
        with zygote(insecure=True) as allowed:
            box = allowed.serve("")
            with open(f"/proc/{box.pid}/status") as file:
                status = dict(line.split(":\t", 1) for line in file)
            assert status["Seccomp"].strip() == "2"
