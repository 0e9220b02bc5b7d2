from __future__ import annotations

from pathlib import Path

import pytest

from orra.base.environment.secret_files import MOST_BYTES, UnusableSecret, read_secret_files


def test_a_file_says_what_the_variable_would(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("so secret\n")
    environment = {"SECRET_KEY_FILE": f" {tmp_path / 'key'} ", "OTHER_FILE": "x", "LLM_API_KEY_FILE": ""}
    read_secret_files(environment)
    assert environment == {"SECRET_KEY": "so secret", "OTHER_FILE": "x", "LLM_API_KEY_FILE": ""}


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"a\0b", b"x" * (MOST_BYTES + 1)])
def test_a_file_without_a_secret_is_told_and_its_content_is_not(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "url").write_bytes(content)
    environment = {"DATABASE_URL_FILE": str(tmp_path / "url")}
    with pytest.raises(UnusableSecret, match="^DATABASE_URL_FILE must name a") as told:
        read_secret_files(environment)
    assert "xxx" not in str(told.value)
    assert environment == {"DATABASE_URL_FILE": str(tmp_path / "url")}


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/", "a\0b"])
def test_a_file_that_cannot_be_read_is_told(path: str) -> None:
    with pytest.raises(UnusableSecret, match="^BROKER_URL_FILE "):
        read_secret_files({"BROKER_URL_FILE": path})


def test_both_are_one_too_many(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("so secret")
    with pytest.raises(UnusableSecret, match="both set"):
        read_secret_files({"SECRET_KEY_FILE": str(tmp_path / "key"), "SECRET_KEY": "another"})
