"""Native attacks, each tried in a fork locked like a sandbox and in one that is not.

A separate process (`main`), for it may have to become another user, and nothing here should run inside pytest.
An attack raises OSError when it is refused; coming to its end means that it succeeded.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.sandbox import lockdown

EXECUTED = 42  # exit status of a program that an attack managed to run
X86 = platform.machine() == "x86_64"
NR_BPF, NR_IO_URING_SETUP = 321 if X86 else 280, 425
CLONE_NEWUSER, PTRACE_ATTACH, MAP_GROWSDOWN, MAP_NORESERVE = 0x10000000, 16, 0x100, 0x4000
RETURN_42 = b"\xb8\x2a\x00\x00\x00\xc3"  # mov eax, 42; ret
INT_80_GETPID = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # the 32-bit door: mov eax, 20; int 0x80; ret

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@dataclass
class Scene:
    """What attacks aim at, all of it reachable for an ordinary process of this user."""

    directory: Path
    secret: Path
    tcp: int
    udp: int
    unix: str
    abstract: str
    parent: int
    victim: int = 0
    code: int = 0  # address of INT_80_GETPID in executable memory


def file_read(scene: Scene) -> None:
    assert scene.secret.read_text() == "secret"


def file_write(scene: Scene) -> None:
    (scene.directory / "written").write_text("x")


def listing(scene: Scene) -> None:
    assert os.listdir(scene.directory)


def stat(scene: Scene) -> None:
    assert os.stat(scene.secret).st_size == 6


def tcp(scene: Scene) -> None:
    socket.socket().connect(("127.0.0.1", scene.tcp))


def udp(scene: Scene) -> None:
    socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", scene.udp))


def unix_socket(scene: Scene) -> None:
    socket.socket(socket.AF_UNIX).connect(scene.unix)


def abstract_socket(scene: Scene) -> None:
    socket.socket(socket.AF_UNIX).connect(scene.abstract)


def kill(scene: Scene) -> None:
    os.kill(scene.victim, signal.SIGKILL)


def signalling(scene: Scene) -> None:
    signal.pidfd_send_signal(os.pidfd_open(scene.victim), signal.SIGUSR1)


def signal_thread(scene: Scene) -> None:
    _check(_libc.tgkill(scene.victim, scene.victim, int(signal.SIGUSR1)))


def ptrace(scene: Scene) -> None:
    _check(_libc.ptrace(PTRACE_ATTACH, scene.victim, 0, 0))


def fork(scene: Scene) -> None:
    if os.fork() == 0:
        os._exit(0)


def execute(scene: Scene) -> None:
    os.execv("/bin/sh", ["sh", "-c", f"exit {EXECUTED}"])  # noqa: S606  (that is the attack)


def io_uring(scene: Scene) -> None:
    _check(_libc.syscall(NR_IO_URING_SETUP, 4, ctypes.create_string_buffer(120)))


def memfd(scene: Scene) -> None:
    os.memfd_create("attack")


def executable_memory(scene: Scene) -> None:
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    if X86:
        page.write(RETURN_42)
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        assert ctypes.CFUNCTYPE(ctypes.c_int)(address)() == 42


def executable_later(scene: Scene) -> None:
    page = mmap.mmap(-1, 4096)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    _check(_libc.mprotect(ctypes.c_void_p(address), 4096, 5))


def process_vm_readv(scene: Scene) -> None:
    buffer = ctypes.create_string_buffer(16)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 16)  # the fork has it at the same address
    _check(_libc.process_vm_readv(scene.victim, ctypes.byref(vector), 1, ctypes.byref(_SECRET_VECTOR), 1, 0))
    assert buffer.raw == b"secret in memory"


def unshare(scene: Scene) -> None:
    _check(_libc.unshare(CLONE_NEWUSER))


def bpf(scene: Scene) -> None:
    attributes = (ctypes.c_uint32 * 32)(2, 4, 4, 1)  # BPF_MAP_TYPE_ARRAY, key and value of 4 bytes, one entry
    _check(_libc.syscall(NR_BPF, 0, ctypes.byref(attributes), ctypes.sizeof(attributes)))


def setuid(scene: Scene) -> None:
    os.setresuid(1, 1, 1)


def raise_limits(scene: Scene) -> None:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft + 1, soft + 1))


def parent_environment(scene: Scene) -> None:
    assert Path(f"/proc/{scene.parent}/environ").read_bytes()


def shared_memory(scene: Scene) -> None:
    """Memory that RLIMIT_DATA does not count."""
    page = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
    page.close()


def stack_memory(scene: Scene) -> None:
    """Counted by RLIMIT_STACK, each mapping anew, but not by RLIMIT_DATA."""
    mmap.mmap(-1, 1 << 22, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_GROWSDOWN)


def address_space(scene: Scene) -> None:
    """Pages that are only read cost page tables, which nothing counts."""
    mmap.mmap(-1, 1 << 40, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE, prot=mmap.PROT_READ)


def become_dumpable(scene: Scene) -> None:
    _check(_libc.prctl(4, 1, 0, 0, 0))


def old_system_calls(scene: Scene) -> None:
    """The 32-bit entry of the kernel has numbers of its own, which a filter must not mistake."""
    assert ctypes.CFUNCTYPE(ctypes.c_int)(scene.code)() == os.getpid()


Attack = Callable[[Scene], None]
# The 21 (read and write counted as one) of the security notes.
NAMED: tuple[Attack, ...] = (
    file_read, file_write, listing, stat, tcp, udp, unix_socket, abstract_socket, kill, ptrace, fork, execute,
    io_uring, memfd, executable_memory, process_vm_readv, unshare, bpf, setuid, raise_limits, parent_environment,
    signalling,
)  # fmt: skip
FURTHER: tuple[Attack, ...] = (
    signal_thread, executable_later, shared_memory, stack_memory, address_space, become_dumpable, old_system_calls,
)  # fmt: skip
_SECRET = ctypes.create_string_buffer(b"secret in memory", 16)
_SECRET_VECTOR = (ctypes.c_size_t * 2)(ctypes.addressof(_SECRET), 16)


def sweep(scene: Scene) -> None:
    """Every system call that is not on the list, with arguments that harm nobody; fails naming those that pass."""
    if _libc.syscall(39 if X86 else 172) >= 0:
        raise AssertionError("not locked")
    import pyseccomp  # noqa: PLC0415  (imported before the lock)

    passed = [n for n in range(470) if n not in _ALLOWED_NUMBERS and not _refused(n)]
    assert not passed, [pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, n) for n in passed]


def _refused(number: int) -> bool:
    ctypes.set_errno(0)
    return bool(_libc.syscall(number, -1, -1, -1, -1, -1, -1) < 0 and ctypes.get_errno() == errno.EPERM)


# The kernel lets uretprobe and uprobe pass every filter; outside a probe they are a SIGILL.
_ALLOWED_NUMBERS: set[int] = {335, 336} if X86 else set()


def _number_allowed() -> None:
    import pyseccomp  # noqa: PLC0415  (its import fails where libseccomp is missing)

    for name in (*lockdown.ALLOWED, "mmap", "mprotect", "ioctl"):
        _ALLOWED_NUMBERS.add(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name))


def _try(attack: Attack, scene: Scene, lock: lockdown.Lock | None) -> str:
    """`done`, the name of the error that refused it, or how the process died."""
    report, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            if lock is not None:
                lock.apply(parent=scene.parent, memory=256 << 20)
            attack(scene)
            theirs.send(b"done")
        except OSError as error:
            theirs.send(errno.errorcode.get(error.errno or 0, repr(error)).encode())
        except BaseException as error:  # noqa: BLE001  (reported to the parent, which fails the test)
            theirs.send(repr(error).encode())
        finally:
            os._exit(0)
    theirs.close()
    word = report.recv(4096).decode()
    status = os.waitpid(pid, 0)[1]
    if os.waitstatus_to_exitcode(status) == EXECUTED:
        return "done"
    return word or f"died with status {os.waitstatus_to_exitcode(status)}"


def _with_victim(attack: Attack, scene: Scene, lock: lockdown.Lock | None) -> str:
    scene.victim = os.fork()
    if scene.victim == 0:
        while True:
            signal.pause()
    try:
        return _try(attack, scene, lock)
    finally:
        os.kill(scene.victim, signal.SIGKILL)
        os.waitpid(scene.victim, 0)


def _machine_code(code: bytes) -> tuple[mmap.mmap, int]:
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    return page, ctypes.addressof(ctypes.c_char.from_buffer(page))


def main() -> None:
    """Try everything in `sys.argv[1]`'s directory and print {attack: [locked, control]} as JSON."""
    directory = Path(tempfile.mkdtemp(dir=sys.argv[1]))
    secret = directory / "secret"
    secret.write_text("secret")
    servers = [socket.create_server(("127.0.0.1", 0)), socket.socket(type=socket.SOCK_DGRAM)]
    servers += [socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
    servers[1].bind(("127.0.0.1", 0))
    unix, abstract = str(directory / "sock"), f"\0m3m-attack-{os.getpid()}"
    for server, address in zip(servers[2:], (unix, abstract), strict=True):
        server.bind(address)
        server.listen(64)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))
    ports = servers[0].getsockname()[1], servers[1].getsockname()[1]
    scene = Scene(directory, secret, *ports, unix, abstract, os.getpid())
    page, scene.code = _machine_code(INT_80_GETPID)
    lock = lockdown.Lock()
    _number_allowed()
    results = {
        attack.__name__: [_with_victim(attack, scene, lock), _with_victim(attack, scene, None)]
        for attack in (*NAMED, *FURTHER)
        if X86 or attack is not old_system_calls
    }
    results["sweep"] = [_with_victim(sweep, scene, lock), ""]
    sys.stdout.write(json.dumps(results))
    sys.stdout.flush()
    os._exit(0)  # `page` is still exported to ctypes
