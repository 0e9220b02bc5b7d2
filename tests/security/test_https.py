"""What browsers are told over https."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

PRINT = "from orra.settings import *; print(SECURE_HSTS_SECONDS, SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE)"


@pytest.mark.parametrize(("flag", "told"), [("1", "31536000 True True"), ("0", "0 False False")])
def test_one_variable_closes_all(tmp_path: Path, flag: str, told: str) -> None:
    key = secrets.token_urlsafe(48)
    environment = {"SECRET_KEY": key, "DATABASE_URL": "postgresql:///none", "ORRA_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        env={**environment, "ORRA_HTTPS_ONLY": flag},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == told


@pytest.mark.django_db
def test_hsts_is_told_over_https_and_not_over_http(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000

    assert Client().get("/livez", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in Client().get("/livez")


@pytest.mark.django_db
def test_cookies_are_kept_from_scripts_and_end_with_the_day(settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    User.objects.create_superuser("ada", password="a long password")
    client = Client()
    told = {"username": "ada", "password": "a long password", "next": "/admin/"}
    client.post("/admin/login/", told, secure=True)

    session = client.cookies["sessionid"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert session["max-age"] == 12 * 3600
