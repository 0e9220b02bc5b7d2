"""Commands of other packages, through the entry points of the group ``orra.commands``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orra_client.cli import main

MODULE = '''
"""What another package brings."""
print("imported")

def shout(argv):
    """Says it loudly.

    More that nobody needs to know.
    """
    print(" ".join(argv).upper())
    return len(argv)

def services(argv):
    """Is not reached: the command of this name is built in."""
    return 99
'''
ENTRY_POINTS = "[orra.commands]\nshout = other_package_of_orra:shout\nservices = other_package_of_orra:services\n"


@pytest.fixture(autouse=True)
def another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other_package_of_orra.py").write_text(MODULE)
    about = tmp_path / "other_package_of_orra-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package-of-orra\nVersion: 1\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "other_package_of_orra", raising=False)


def test_a_command_of_another_package_gets_its_arguments_and_says_the_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["shout", "--loud", "hello"]) == 2
    assert capsys.readouterr().out == "imported\n--LOUD HELLO\n"


def test_help_tells_of_it_without_importing_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert "shout     Says it loudly.\n" in told
    assert "imported" not in told


def test_a_command_that_nobody_has_is_answered_with_all_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["start"])
    assert "'plan'" in (told := capsys.readouterr().err) and "'shout'" in told


def test_no_command_is_answered_with_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "shout     Says it loudly.\n" in capsys.readouterr().err


def test_what_is_built_in_wins(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["services", "--help"])
    assert "usage: orra services" in capsys.readouterr().out


def test_what_is_called_wrongly_is_told_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["no-such-command"])
    assert "no-such-command" in capsys.readouterr().err


def test_the_version_tells_the_packages_that_commands_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--version"])
    assert done.value.code == 0
    assert "other-package-of-orra 1" in capsys.readouterr().out
