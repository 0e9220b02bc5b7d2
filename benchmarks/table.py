"""Figures as lines of text, each beside the limit it should keep, where it has one."""

from __future__ import annotations


def heading(text: str) -> None:
    print(f"\n{text}")


def line(name: str, *figures: str) -> None:
    print(f"  {name:44}" + "".join(f"{figure:>14}" for figure in figures), flush=True)


def verdict(value: float, limit: float) -> str:
    return "ok" if value <= limit else "OVER"
