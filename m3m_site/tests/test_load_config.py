from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from m3m_site.conf import (
    BASE_DIR,
    Config,
    ConfigError,
    data_dir,
    ensure_config,
    load_config,
    parse_duration,
    runtime_dir,
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of this test; the configuration that the process had comes back afterwards."""
    monkeypatch.setenv("M3M_DATA", str(tmp_path))
    load_config.cache_clear()
    yield tmp_path
    load_config.cache_clear()


def change(folder: Path, section: str, **values: object) -> None:
    path = folder / "config.yaml"
    content = yaml.safe_load(path.read_text())
    content.setdefault(section, {}).update(values)
    path.write_text(yaml.safe_dump(content))


class ParseDurationTest:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("30s", 30),
            ("168h", 604800),
            ("1h30m", 5400),
            ("250ms", 0.25),
            ("2d", 172800),
            (15, 15),
            ("1.5s", 1.5),
        ],
    )
    def test_it_reads(self, text: object, seconds: float) -> None:
        assert parse_duration(text) == seconds

    @pytest.mark.parametrize("text", ["", "soon", "30", "30 s", "s", "1h 30m", "-5s", None, True])
    def test_it_refuses(self, text: object) -> None:
        with pytest.raises(ValueError, match="not a duration"):
            parse_duration(text)


class EnsureConfigTest:
    def test_it_writes_secrets_for_its_user_alone(self, data: Path) -> None:
        path = ensure_config()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        config = load_config()
        secrets = {config.server.secret_key, config.jwt.secret, config.storage.encryption_key}
        assert len(secrets) == 3
        assert all(len(secret) >= 32 for secret in secrets)
        assert os.listdir(data) == ["config.yaml"]

    def test_a_directory_that_it_makes_is_its_users_alone(
        self, data: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("M3M_DATA", str(data / "new"))
        assert stat.S_IMODE(ensure_config().parent.stat().st_mode) == 0o700

    def test_it_keeps_what_is_there(self, data: Path) -> None:
        before = ensure_config().read_bytes()
        assert ensure_config().read_bytes() == before

    def test_two_processes_get_the_same_secrets(self, data: Path) -> None:
        command = [
            sys.executable,
            "-c",
            "from m3m_site.conf import *; print(load_config().server.secret_key)",
        ]
        running = [
            subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)  # noqa: S603
            for _number in range(4)
        ]
        answers = {process.communicate()[0] for process in running}
        assert len(answers) == 1
        assert len(answers.pop()) > 32


class LoadConfigTest:
    def test_the_environment_overrides_each_key(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("M3M_SERVER_PORT", "4000")
        monkeypatch.setenv("M3M_SERVER_WEB_THREADS", "4")
        monkeypatch.setenv("M3M_JWT_EXPIRATION", "1h")
        config = load_config()
        assert (config.server.port, config.server.web_threads, config.jwt.expiration) == (4000, 4, 3600)
        assert config.public_uri == "http://127.0.0.1:4000"

    def test_the_file_overrides_the_defaults(self, data: Path) -> None:
        ensure_config()
        change(data, "server", uri="https://m3m.example.org/", port=8080)
        assert load_config().public_uri == "https://m3m.example.org"

    def test_paths_stand_below_the_data_directory(self, data: Path) -> None:
        config = load_config()
        assert config.path("./storage") == data_dir() / "storage"
        assert config.path("/srv/files") == Path("/srv/files")

    @pytest.mark.parametrize(
        ("section", "values", "words"),
        [
            ("server", {"prot": 1}, ["server.prot", "not a known key", "M3M_SERVER_PROT"]),
            ("server", {"port": 70000}, ["server.port"]),
            ("jwt", {"access": "soon"}, ["jwt.access", "not a duration"]),
            ("database", {"driver": "mysql"}, ["database.driver"]),
            ("storage", {"encryption_key": ""}, ["storage.encryption_key", "is empty"]),
            ("nonsense", {"a": 1}, ["nonsense"]),
        ],
    )
    def test_it_names_the_key_that_is_wrong(
        self, data: Path, section: str, values: dict[str, object], words: list[str]
    ) -> None:
        ensure_config()
        change(data, section, **values)
        with pytest.raises(ConfigError) as caught:
            load_config()
        for word in ["config.yaml", *words]:
            assert word in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("text", ["server: [", "- a\n- b\n", "just words"])
    def test_it_says_that_the_file_cannot_be_read(self, data: Path, text: str) -> None:
        (data / "config.yaml").write_text(text)
        with pytest.raises(ConfigError, match="config.yaml"):
            load_config()

    def test_every_key_has_one_environment_name(self) -> None:
        # M3M_DATA and M3M_RUN name directories and are read before the configuration.
        names = [
            f"M3M_{section}_{key}".upper()
            for section, field in Config.model_fields.items()
            for key in field.default.__class__.model_fields
        ]
        assert len(names) == len(set(names))
        assert not {"M3M_DATA", "M3M_RUN", "M3M_ROOT_EMAIL", "M3M_ROOT_PASSWORD"} & set(names)


class RuntimeDirTest:
    def test_it_leaves_room_for_socket_names(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("M3M_RUN")
        monkeypatch.setenv("M3M_DATA", str(tmp_path / ("deep" * 40)))
        folder = runtime_dir()
        try:
            assert len(str(folder / "r" / ("s" * 50))) <= 107
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        finally:
            folder.rmdir()

    def test_it_refuses_a_link(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "target").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "target")
        monkeypatch.setenv("M3M_RUN", str(tmp_path / "link"))
        with pytest.raises(ConfigError, match="M3M_RUN"):
            runtime_dir()
