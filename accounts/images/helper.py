"""The child that decodes images: `python -I helper.py WIDTH HEIGHT FORMAT`, image on stdin, thumbnail on stdout.

Knows neither Django nor our apps. Before it looks at the first byte it gives up files, network, other processes and
all but half a gigabyte. Ends with 0, with 3 for what is no image, with 4 for too many pixels.
"""

from __future__ import annotations

import contextlib
import copy
import io
import mmap
import os
import resource
import sys
from collections.abc import Callable

# All that Pillow would import while it works: nothing can be opened once the lock is on.
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageColor,
    ImageOps,
    ImagePalette,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

NEEDED = (
    *(copy, mmap, ImageColor, ImagePalette),
    *(BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin),
    *(PngImagePlugin, TiffImagePlugin, WebPImagePlugin),
)
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
PIXELS = 25_000_000
MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 8
NOBODY = 65534
NO_IMAGE, TOO_MANY_PIXELS = 3, 4
PROT_EXEC = 4
ALLOWED = (
    *("read", "write", "close", "brk", "munmap", "mremap", "madvise", "futex"),
    *("exit_group", "exit", "rt_sigreturn", "clock_gettime", "gettimeofday", "getrandom"),
    *("sched_yield", "sched_getaffinity", "rt_sigprocmask"),
)


def lock() -> None:
    """For good. Without libseccomp the limits stand alone."""
    with open("/proc/self/statm", "rb") as file:
        present = int(file.read().split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, present + MEMORY),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(
            kind, (value, value) if hard == resource.RLIM_INFINITY else (min(value, hard),) * 2
        )
    forbid = _filter()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    forbid()


def _filter() -> Callable[[], None]:
    """What puts the filter of system calls on; built while files can still be opened."""
    try:
        import pyseccomp as seccomp  # noqa: PLC0415  (its import fails where libseccomp is missing)
    except (ImportError, OSError, RuntimeError):
        return lambda: None
    rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
    for name in ALLOWED:
        # Some CPUs lack the older spelling of a call.
        with contextlib.suppress(OSError):
            rules.add_rule(seccomp.ALLOW, name)
    no_exec = seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0)
    rules.add_rule(seccomp.ALLOW, "mmap", no_exec)
    rules.add_rule(seccomp.ALLOW, "mprotect", no_exec)
    load: Callable[[], None] = rules.load
    return load


def shrink(data: bytes, size: tuple[int, int], wanted: str) -> bytes:
    """Raises OverflowError for too many pixels; Pillow raises anything for what is no image."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > PIXELS:
            raise OverflowError
        # A JPEG is decoded at an eighth of its size where that is enough.
        image.draft("RGB", (size[0] * 2, size[1] * 2))
        image.load()
        upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits of grey
        upright = upright.convert("I").point(lambda value: value / 256).convert("L")
    opaque = wanted == "JPEG" or not upright.has_transparency_data
    small = ImageOps.fit(upright.convert("RGB" if opaque else "RGBA"), size, Image.Resampling.LANCZOS)
    small.info.clear()  # comments, profiles, EXIF
    made = io.BytesIO()
    small.save(made, wanted)
    return made.getvalue()


def main() -> int:
    width, height, wanted = sys.argv[1:4]
    Image.MAX_IMAGE_PIXELS = None  # `shrink` counts, without a warning first
    lock()
    data = b"".join(iter(lambda: os.read(0, 1 << 20), b""))
    try:
        made = shrink(data, (int(width), int(height)), wanted)
    except OverflowError:
        return TOO_MANY_PIXELS
    except Exception as error:  # noqa: BLE001  (Pillow raises what it likes; all of it means the same)
        os.write(2, f"{type(error).__name__}: {error}"[:500].encode("utf-8", "replace"))
        return NO_IMAGE
    while made:
        made = made[os.write(1, made) :]
    return 0


if __name__ == "__main__":
    # At once: nothing that the images left behind is torn down by Python code.
    os._exit(main())
