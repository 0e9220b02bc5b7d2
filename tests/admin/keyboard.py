"""Hands on a keyboard: what is wanted is reached by pressing Tab, and each stop on the way must be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

MOST_STOPS = 150

_FOCUS = Path(__file__).with_name("focus.js").read_text()


def of_focus(page: Page, call: str) -> Any:
    """What a function of ``focus.js`` gives, as the page is."""
    return page.evaluate(f"(() => {{ {_FOCUS}\nreturn {call}(); }})()")


def is_called(said: str, name: str) -> bool:
    """Style sheets write some in capitals, and labels end with a colon."""
    said, name = said.casefold().removesuffix(":"), name.casefold()
    return said.startswith(name[:-1]) if name.endswith("…") else said == name


@dataclass
class Keyboard:
    """``page`` is read, and touched by keys alone. Names are what a screen reader says; one that
    ends with … is how it begins."""

    page: Page

    def stops(self) -> Iterator[Any]:
        """Each element that Tab reaches from here, to the end of the page."""
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            stop = of_focus(self.page, "stop")
            assert not stop["unmarked"], f"nothing shows that {stop['unmarked']} has the focus"
            if stop["none"]:
                return
            assert not stop["away"], f"{stop['told']} has the focus out of sight"
            yield stop
        raise AssertionError(f"more than {MOST_STOPS} stops")

    def go_to(self, name: str) -> None:
        """From here on, or else from the page's beginning."""
        passed: list[str] = []
        for _ in range(2):
            for stop in self.stops():
                if is_called(stop["name"], name):
                    return
                passed.append(stop["told"])
        raise AssertionError(f"{name!r} is not reached, but {passed}")

    def enter(self, name: str) -> None:
        """What leads to another page, or sends a form."""
        self.go_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, name: str, key: str = "Enter") -> None:
        self.go_to(name)
        self.page.keyboard.press(key)

    def fill(self, name: str, text: str) -> None:
        self.press(name, "Control+A")
        self.page.keyboard.type(text)

    def choose(self, name: str, option: str) -> None:
        """By typing how the option begins."""
        self.go_to(name)
        self.page.keyboard.type(option)
        chosen = self.page.evaluate("document.activeElement.selectedOptions[0].text")
        assert chosen.startswith(option), f"{chosen!r} is chosen for {option!r}"

    def says(self, place: str) -> str:
        return self.page.locator(place).inner_text()

    @property
    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.computedName"))
