"""The launcher with real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from m3m_site.tests.platform import Platform, wait_for

pytestmark = pytest.mark.slow

ROLES = {"m3m: parent", "m3m: front", "m3m: web", "m3m: worker", "m3m: beat", "redis-server"}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with Platform() as running:
        yield running.start()


def answers(platform: Platform) -> bool:
    try:
        with urllib.request.urlopen(f"{platform.uri}/admin/login/", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class RunPlatformTest:
    def test_it_runs_every_role_under_one_parent(self, platform: Platform) -> None:
        assert set(platform.family().values()) >= ROLES
        assert answers(platform)

    def test_it_says_where_things_are(self, platform: Platform) -> None:
        for place in ("/admin/", "/r/demo/", "/health"):
            assert platform.uri + place in platform.output

    def test_its_first_account_is_said_once(self, platform: Platform) -> None:
        assert len(platform.password()) >= 12
        assert platform.output.count("Password: ") == 1

    def test_its_demo_service_answers(self, platform: Platform) -> None:
        with urllib.request.urlopen(f"{platform.uri}/r/demo/", timeout=5) as answer:  # noqa: S310
            assert "message" in json.load(answer)

    def test_it_writes_no_colours_into_a_file(self, platform: Platform) -> None:
        assert "\033" not in platform.output

    def test_it_keeps_its_sockets_and_secrets_to_its_user(self, platform: Platform) -> None:
        run, data = platform.folder / "run", platform.folder / "data"
        for path in (run / "web.sock", run / "redis.sock", data / "config.yaml"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def test_it_never_writes_core_files(self, platform: Platform) -> None:
        for pid in platform.family():
            with open(f"/proc/{pid}/limits") as limits:
                core = next(line for line in limits if line.startswith("Max core file size"))
            assert core.split()[4] in ("0", "1"), core

    def test_it_gives_redis_no_port(self, platform: Platform) -> None:
        redis = platform.pid_of("redis")
        with open(f"/proc/{redis}/net/tcp") as table:
            listening = {line.split()[9] for line in table if line.split()[3] == "0A"}
        held = {os.readlink(f"/proc/{redis}/fd/{name}") for name in os.listdir(f"/proc/{redis}/fd")}
        assert not {f"socket:[{inode}]" for inode in listening} & held

    def test_its_parent_has_one_thread_and_no_database(self, platform: Platform) -> None:
        assert len(os.listdir(f"/proc/{platform.parent}/task")) == 1
        folder = f"/proc/{platform.parent}/fd"
        assert not any("sqlite" in os.readlink(f"{folder}/{name}") for name in os.listdir(folder))

    @pytest.mark.parametrize("role", ["front", "web", "worker", "beat", "redis"])
    def test_it_starts_again_what_is_killed(self, platform: Platform, role: str) -> None:
        before = platform.pid_of(role)
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: platform.pid_of(role) not in (0, before), 3, f"another {role}")
        wait_for(lambda: answers(platform), 5, "an answer")
        assert "was ended by signal 9" in platform.output

    def test_a_second_one_on_the_same_data_is_refused_in_a_sentence(self, platform: Platform) -> None:
        with Platform(M3M_DATA=platform.environment["M3M_DATA"]) as second:
            assert second.once() == 1
            assert second.output.count("\n") == 1
            assert f"already runs on {platform.folder}/data (process {platform.parent})" in second.output


class StopPlatformTest:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_it_stops_in_time_and_leaves_nothing(self, number: int) -> None:
        with Platform() as platform:
            platform.start()
            assert platform.stop(number) <= 10
            assert platform.process and platform.process.returncode == 0
            assert platform.family() == {}

    def test_it_starts_again_within_seconds(self) -> None:
        with Platform() as platform:
            platform.start()
            platform.stop()
            platform.start()
            assert platform.started < 20
            assert platform.output.count("Preparing the database") == 1

    def test_its_death_takes_everything_along(self) -> None:
        with Platform() as platform:
            platform.start()
            os.kill(platform.parent, signal.SIGKILL)
            assert platform.process
            platform.process.wait(5)
            wait_for(lambda: platform.family() == {}, 5, "the end of all processes")
            platform.start()

    def test_a_process_that_does_not_stop_is_killed(self) -> None:
        with Platform() as platform:
            platform.start()
            os.kill(platform.pid_of("worker"), signal.SIGSTOP)
            assert platform.stop() <= 10.5
            assert platform.family() == {}

    def test_a_second_ctrl_c_kills_at_once(self) -> None:
        with Platform() as platform:
            platform.start()
            os.kill(platform.pid_of("worker"), signal.SIGSTOP)
            assert platform.process
            platform.process.send_signal(signal.SIGINT)
            wait_for(lambda: "Stopping" in platform.output, 5, "the first to be noticed")
            assert platform.stop(signal.SIGINT) <= 2
            assert platform.family() == {}


class RefuseToRunTest:
    """What a person has to mend is said in one sentence."""

    def refused(self, platform: Platform, *words: str) -> None:
        assert platform.once() == 1
        lines = platform.output.strip().splitlines()
        assert len(lines) == 1, platform.output
        for word in words:
            assert word in lines[0]
        assert platform.family() == {}

    def test_a_busy_port(self) -> None:
        with socket.socket() as other, Platform() as platform:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", platform.port))
            other.listen()
            self.refused(platform, str(platform.port), "M3M_SERVER_PORT", "server.port")

    def test_an_unwritable_directory(self) -> None:
        with Platform(M3M_DATA="/proc/m3m") as platform:
            self.refused(platform, "/proc/m3m", "M3M_DATA")

    def test_a_data_directory_that_is_a_file(self) -> None:
        with Platform() as platform:
            (platform.folder / "data").write_text("")
            self.refused(platform, "data", "M3M_DATA")

    def test_a_directory_that_takes_no_files(self) -> None:
        with Platform() as platform:
            (platform.folder / "data" / "m3m.lock").mkdir(parents=True)
            self.refused(platform, "Cannot write", "data", "M3M_DATA")

    def test_an_account_that_cannot_be_made(self) -> None:
        with Platform(M3M_ROOT_EMAIL="nobody", M3M_ROOT_PASSWORD="12") as platform:
            assert platform.once() == 1
            assert "M3M_ROOT" in platform.output
            assert "Traceback" not in platform.output

    def test_a_redis_that_does_not_start(self) -> None:
        with Platform() as platform:
            (platform.folder / "data" / "redis").mkdir(parents=True)
            (platform.folder / "data" / "redis" / "appendonly.aof").write_text("no append-only file")
            assert platform.once() == 1
            assert platform.output.strip().splitlines()[-1].startswith("Redis does not start")
            assert platform.family() == {}

    @pytest.mark.parametrize(
        ("text", "word"),
        [("server: [", "YAML"), ("server: {webs: many}", "server.webs"), ("servr: {}", "servr")],
    )
    def test_a_broken_config(self, text: str, word: str) -> None:
        with Platform() as platform:
            (platform.folder / "data").mkdir()
            (platform.folder / "data" / "config.yaml").write_text(text)
            self.refused(platform, "config.yaml", word)

    def test_a_runtime_directory_of_somebody_else(self) -> None:
        with Platform(M3M_RUN="/proc/1") as platform:
            assert platform.once() == 1
            assert "Traceback" not in platform.output

    def test_a_database_that_is_not_there(self) -> None:
        with Platform(M3M_DATABASE_DRIVER="postgresql", M3M_DATABASE_PORT="1") as platform:
            assert platform.once() == 1
            assert platform.output.strip().splitlines()[-1].startswith("The database cannot be used")
            assert "Traceback" not in platform.output
            assert platform.family() == {}
