from __future__ import annotations

from orra.base.remembering import remembered


def test_a_text_is_looked_at_once_and_a_long_one_again_each_time() -> None:
    looked: list[str] = []

    @remembered(2, longest=5)
    def size(*texts: str) -> int:
        looked.extend(texts)
        return sum(map(len, texts))

    assert [size("a", "bb"), size("a", "bb"), size("long text"), size("long text")] == [3, 3, 9, 9]
    assert looked == ["a", "bb", "long text", "long text"]


def test_the_oldest_gives_way() -> None:
    looked: list[str] = []

    @remembered(2, longest=5)
    def look(text: str) -> None:
        looked.append(text)

    for text in ("a", "b", "c", "b", "a"):
        look(text)

    assert looked == ["a", "b", "c", "a"]
