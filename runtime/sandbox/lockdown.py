"""The lock: resource limits, Landlock and seccomp, put on a fresh fork before the first byte of guest code.

Everything is prepared in the zygote (`Lock()`), for after the lock nothing can be opened. docs/design/sandbox.md
says which layer stops what.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NAME, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 15, 38
SECCOMP_MODE_FILTER = 2
NR_LANDLOCK_CREATE_RULESET, NR_LANDLOCK_RESTRICT_SELF = 444, 446  # the same number on every CPU
LANDLOCK_CREATE_RULESET_VERSION = 1
PROT_EXEC = 4
MAP_TYPE, MAP_PRIVATE, MAP_GROWSDOWN = 0x0F, 0x02, 0x100
NOBODY = 65534

# What the guest loop needs once everything is open; anything else answers EPERM.
ALLOWED = [
    "recvfrom",
    "sendto",
    "accept4",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "close",
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "exit_group",
    "exit",
    "rt_sigreturn",
    "clock_gettime",
    "gettimeofday",
    "getrandom",
    "getrusage",
]

_libc = ctypes.CDLL(None, use_errno=True)


class LockError(Exception):
    """This machine cannot lock a sandbox; the message says what is missing."""


class _SockFilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _prctl(option: int, *arguments: int) -> None:
    if _libc.prctl(option, *(ctypes.c_ulong(value) for value in arguments)):
        code = ctypes.get_errno()
        raise LockError(f"prctl({option}) failed: {os.strerror(code)}")


def set_name(name: str) -> None:
    """Show as `name` in process lists (15 bytes at most)."""
    _libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Ask for SIGKILL at the parent's death; leaves at once when it has died already."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def build_filter() -> bytes:
    """The seccomp program. Raises LockError without libseccomp."""
    try:
        import pyseccomp as seccomp  # noqa: PLC0415  (its import fails where libseccomp is missing)
    except (ImportError, OSError, RuntimeError) as error:
        raise LockError(
            "libseccomp is missing (Debian and Ubuntu: apt-get install libseccomp2); "
            "services are not started without a sandbox"
        ) from error
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for name in ALLOWED:
        # Some CPUs lack the older spelling of a call (arm64 has no epoll_wait).
        with contextlib.suppress(OSError):
            rules.add_rule(seccomp.ALLOW, name)
    no_exec = seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0)
    # RLIMIT_DATA counts neither shared memory nor mappings that grow like a stack.
    private = seccomp.Arg(3, seccomp.MASKED_EQ, MAP_TYPE | MAP_GROWSDOWN, MAP_PRIVATE)
    rules.add_rule(seccomp.ALLOW, "mmap", no_exec, private)
    rules.add_rule(seccomp.ALLOW, "mprotect", no_exec)
    rules.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, seccomp.EQ, 0x5421))  # FIONBIO
    with os.fdopen(os.memfd_create("m3m-filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _filter_of_child() -> bytes:
    """What `build_filter` makes, from a throw-away child: its libraries would cost every sandbox 140 kB."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = b"+" + build_filter()
        except LockError as error:
            answer = b"-" + str(error).encode()
        os.write(writer, answer)
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    if not answer.startswith(b"+"):
        raise LockError(answer[1:].decode() or "the sandbox's system call filter could not be built")
    return answer[1:]


def landlock_version() -> int:
    """The kernel's Landlock version; 0 where it has none."""
    return max(0, int(_libc.syscall(NR_LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION)))


def _landlock_attributes(version: int) -> bytes:
    """`struct landlock_ruleset_attr`: every right the kernel knows is handled, so none is granted."""
    files = (1 << 13) - 1
    for since, right in ((2, 13), (3, 14), (5, 15)):
        if version >= since:
            files |= 1 << right
    attributes = struct.pack("<Q", files)
    if version >= 4:
        attributes += struct.pack("<Q", 0b11)  # TCP bind and connect
    if version >= 6:
        attributes += struct.pack("<Q", 0b11)  # abstract unix sockets and signals outside the sandbox
    return attributes


def _address_space() -> int:
    """Bytes of address space that this process has now; 0 where nothing tells."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


def _limit(kind: int, value: int) -> None:
    """Set soft and hard limit; one that is lower already, say of a container, stays."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


class Lock:
    """A lock prepared once and applied in every fork.

    Raises LockError where seccomp is missing, unless `insecure` allows to go without (development only).
    """

    def __init__(self, *, insecure: bool = False) -> None:
        self._program = b""
        self.landlock = 0
        if sys.platform == "linux":
            self.landlock = landlock_version()
        try:
            self._program = _filter_of_child()
            self._probe()
        except LockError:
            if not insecure:
                raise
            self._program = b""
        # Kept alive here: the kernel reads through these pointers at `apply`.
        self._code = ctypes.create_string_buffer(self._program, len(self._program) or 1)
        self._header = _SockFilterProgram(len(self._program) // 8, ctypes.addressof(self._code))
        self._attributes = _landlock_attributes(self.landlock)

    def _probe(self) -> None:
        """Learn in a throw-away child whether the kernel takes a filter at all."""
        pid = os.fork()
        if pid == 0:
            code = 1
            with contextlib.suppress(LockError):
                self._code = ctypes.create_string_buffer(self._program, len(self._program))
                self._header = _SockFilterProgram(len(self._program) // 8, ctypes.addressof(self._code))
                _prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
                self._load_filter()
                code = 0
            os._exit(code)
        if os.waitpid(pid, 0)[1] != 0:
            raise LockError(
                "the kernel refuses seccomp filters; services are not started without a sandbox "
                "(a container needs a runtime that allows seccomp)"
            )

    def _load_filter(self) -> None:
        _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(self._header))

    def _restrict_files(self) -> None:
        if not self.landlock:
            return
        ruleset = _libc.syscall(
            NR_LANDLOCK_CREATE_RULESET, self._attributes, ctypes.c_size_t(len(self._attributes)), 0
        )
        if ruleset < 0 or _libc.syscall(NR_LANDLOCK_RESTRICT_SELF, ruleset, 0):
            raise LockError(f"Landlock failed: {os.strerror(ctypes.get_errno())}")
        os.close(ruleset)

    def apply(self, *, parent: int, memory: int) -> None:
        """Lock this process for good. `memory` bounds its data in bytes. Raises LockError."""
        for limit, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_MEMLOCK, 0),
            (resource.RLIMIT_NPROC, 0),
            (resource.RLIMIT_NOFILE, 64),
            (resource.RLIMIT_DATA, memory),
        ):
            _limit(limit, value)
        if present := _address_space():
            # Page tables of memory that is only read are counted nowhere else.
            _limit(resource.RLIMIT_AS, present + memory)
        if os.getuid() == 0:
            # Seccomp already forbids what root could do; another user is one more wall.
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        _prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
        die_with_parent(parent)  # after the change of user, which clears the death signal
        if self._program:
            self._restrict_files()
            self._load_filter()
