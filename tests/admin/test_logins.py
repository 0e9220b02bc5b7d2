from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from planengine.models import LoginFailure
from planengine.models.logins import LOCKED, MOST_FAILURES
from tests.admin.browsing import PASSWORD
from tests.admin.pages import body, list_of, text

LOCKED_OUT = "Too many logins for this name failed from your address."


def log_in(password: str, *, name: str = "ada", address: str = "10.0.0.1") -> Any:
    told = {"username": name, "password": password, "next": "/admin/"}
    return Client(REMOTE_ADDR=address).post("/admin/login/", told)


def fail(times: int, **who: str) -> list[str]:
    return [text(log_in(f"guess {number}", **who).content.decode()) for number in range(times)]


def test_guessing_ends_after_five_tries_and_a_lock_is_told(ada: User) -> None:
    told = fail(MOST_FAILURES + 1)

    assert not any(LOCKED_OUT in page for page in told[:-1]) and LOCKED_OUT in told[-1]
    assert LOCKED_OUT in text(log_in(PASSWORD).content.decode()), "the right one is not looked at either"
    assert log_in(PASSWORD, address="10.0.0.2").status_code == 302, "who sits elsewhere is not locked out"


def test_a_success_forgets_what_failed(ada: User) -> None:
    fail(MOST_FAILURES - 1)
    assert log_in(PASSWORD).status_code == 302
    assert not LoginFailure.objects.exists()
    assert not any(LOCKED_OUT in page for page in fail(MOST_FAILURES))


def test_a_lock_ends_by_itself_and_more_tries_do_not_make_it_longer(ada: User) -> None:
    fail(MOST_FAILURES + 1)
    since = LoginFailure.objects.get().last_at
    fail(2)
    assert LoginFailure.objects.get().last_at == since

    LoginFailure.objects.update(last_at=timezone.now() - LOCKED)

    assert log_in(PASSWORD).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_counted_too(ada: User) -> None:
    def guess(number: int) -> str:
        try:
            return text(log_in(f"guess {number}").content.decode())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as guessers:
        told = list(guessers.map(guess, range(12)))

    assert sum(LOCKED_OUT in page for page in told) == 12 - MOST_FAILURES


def test_an_administrator_sees_it_and_the_command_unlocks(operator: Client) -> None:
    User.objects.create_superuser("eve", password=PASSWORD)
    fail(MOST_FAILURES + 1, name="eve")
    fail(1, name="eve", address="10.0.0.9")
    page = text(body(operator, list_of(LoginFailure)))
    assert "eve 10.0.0.1 6 locked" in page and "eve 10.0.0.9 1 may try" in page

    call_command("unlock_login", "eve")

    assert log_in(PASSWORD, name="eve").status_code == 302
    with pytest.raises(CommandError, match="No login of 'eve' has failed"):
        call_command("unlock_login", "eve")


def test_nobody_is_told_which_names_there_are_and_what_was_typed_is_not_kept(
    ada: User, caplog: pytest.LogCaptureFixture
) -> None:
    mine, nobodys = fail(MOST_FAILURES + 1), fail(MOST_FAILURES + 1, name="my secret password")

    assert [page.replace("my secret password", "ada") for page in nobodys] == mine
    kept = str(list(LoginFailure.objects.values()))
    assert "ada" in kept and "secret" not in kept and "guess" not in kept
    assert "login locked" in caplog.text and "secret" not in caplog.text and "guess" not in caplog.text


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 100_000, "ä" * 150])
def test_odd_names_are_only_wrong(db: None, name: str) -> None:
    assert log_in("guess", name=name).status_code == 200


def test_what_is_old_is_deleted(ada: User) -> None:
    fail(1)
    now = timezone.now()

    assert LoginFailure.objects.delete_old(now) == 0
    assert LoginFailure.objects.delete_old(now + LOCKED + timedelta(seconds=1)) == 1
