"""No secret has been written into a file of the repository."""

from __future__ import annotations

import re
import subprocess

import pytest

from orra.embedded.defaults import BASE_DIR

# As their makers shape them; what tests plant is no more than words.
SHAPES = {
    "an API key of orra": r"sk-orra-v1-[0-9a-f]{64}",
    "an API key of a model's maker": r"\bsk-(?:proj-|ant-|or-)?[A-Za-z0-9_-]{32,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}",
    "an access key of AWS": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{30,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a token of Slack": r"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "a JSON web token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}",
}
NOT_SECRET = re.compile(r"sk-orra-v1-(.)\1{63}")  # made of one letter


def kept_files() -> list[str]:
    found = subprocess.run(["git", "ls-files", "-z"], cwd=BASE_DIR, capture_output=True, text=True, check=False)
    return [name for name in found.stdout.split("\0") if name]


def secrets_in(text: str) -> list[str]:
    found = [(what, hit[0]) for what, shape in SHAPES.items() for hit in re.finditer(shape, text)]
    return [what for what, hit in found if not NOT_SECRET.fullmatch(hit)]


def test_no_file_holds_what_looks_like_a_secret() -> None:
    names = kept_files()
    if not names:
        pytest.skip("this is no clone: nobody could push it")
    found = {}
    for name in names:
        content = (BASE_DIR / name).read_bytes() if (BASE_DIR / name).is_file() else b""
        if kinds := secrets_in(content.decode("utf-8", "ignore")):
            found[name] = kinds

    assert found == {}


@pytest.mark.parametrize("what", SHAPES)
def test_each_shape_is_recognised(what: str) -> None:
    letters = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8" * 4
    examples = {
        "an API key of orra": "sk-orra-v1-" + "0123456789abcdef" * 4,
        "an API key of a model's maker": "sk-proj-" + letters[:40],
        "a private key": "-----BEGIN RSA PRIVATE KEY-----\n" + letters[:64],
        "an access key of AWS": "AKIA" + "Q7" * 8,
        "a token of GitHub": "ghp_" + letters[:36],
        "a token of Hugging Face": "hf_" + letters[:34],
        "a key of Google": "AIza" + letters[:35],
        "a token of Slack": "xoxb-" + letters[:24],
        "a JSON web token": f"eyJ{letters[:20]}.eyJ{letters[:20]}.{letters[:30]}",
    }

    assert what in secrets_in(f"key = '{examples[what]}'")
