"""A stream of requests as people say them to an assistant at home, whose intents share their fields: ``date``,
``time``, ``person`` and others tell nothing of what is wanted. The phrasings of ``streams/voice.txt`` were written
without a look at how guards judge them.

``python -m tests.cache.voice_stream voice 2500 > voice.jsonl`` writes the stream for ``manage.py evaluate_cache``.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from orra.base.strictjson import Json

PHRASINGS = Path(__file__).parent / "streams"
SEED = 20
VALUES = {
    "time": "seven am/8 pm/noon/half past six/ten thirty/5:45/midnight/quarter to nine/16:00/three o'clock",
    "date": "tomorrow/today/monday/next friday/march third/the twelfth of may/this weekend/2027-02-14/tonight",
    "person": "anna/uncle bob/doctor meyer/maria lopez/my boss/grandma/tim/the plumber/aisha/mister chen",
    "event_name": "the dentist/yoga class/team lunch/book club/the board meeting/mum's birthday/piano lesson/"
    "parents evening/the job interview/swimming/the wedding/budget review",
    "place_name": "lisbon/new york/the old town/oslo/central station/munich/texas/hyde park/osaka/the airport",
    "list_name": "grocery/packing/to do/christmas/hardware store/camping/books/party/chores",
    "item": "milk/two lemons/batteries/toilet paper/a tent/eggs/olive oil/candles/light bulbs/bread",
    "song": "yellow submarine/hallelujah/thunder road/la mer/paint it black/clair de lune/jolene/stand by me",
    "artist": "nina simone/the beatles/mozart/adele/daft punk/miles davis/shakira/queen",
    "house_place": "kitchen/bedroom/living room/hallway/garage/bathroom/garden/kids room/cellar/office",
    "color": "red/blue/warm white/green/pink/orange/purple",
    "device_type": "coffee machine/robot vacuum/tv/fan/heater/washing machine/radio/dishwasher/speaker/oven",
    "topic": "inflation/football/climate change/photosynthesis/the elections/quantum computing/tennis/irony",
    "business": "luigi's/green dragon/siemens/burger barn/toyota/sushi corner/nestle/pizza palace",
    "food": "lasagna/pad thai/two pizzas/chicken curry/pancakes/sushi/lentil soup/apple pie",
    "social_media": "facebook/twitter/instagram/mastodon/linkedin/reddit",
    "genre": "jazz/rock/techno/folk/country/soul/reggae",
    "radio_name": "radio nova/classic fm/the jazz station/channel seven/bay sound",
    "podcast": "daily history/the long walk/science friday/two voices/night talk",
    "currency": "euros/yen/swiss francs/pesos/pounds",
    "number_a": "12/forty/7/105/sixty three",
    "number_b": "8/nineteen/33/450/twenty one",
    "order_id": "ORD-1841/A-77203/ORD-2290/B-10482/ORD-3317/C-55120/ORD-4706",
}


def read_phrasings(name: str) -> list[tuple[str, str]]:
    """Each intent with each of its phrasings, whose fields stand in braces."""
    found, intent = [], ""
    for line in (PHRASINGS / f"{name}.txt").read_text().splitlines():
        if line.startswith("["):
            intent = line.strip("[]")
        elif line:
            found.append((intent, line))
    return found


def write_rows(name: str, count: int, *, seed: int = SEED) -> Iterator[dict[str, Json]]:
    """As many rows: every phrasing once before any comes again, in random order and with random values."""
    chance = random.Random(seed)
    phrasings = read_phrasings(name)
    values = {field: text.split("/") for field, text in VALUES.items()}
    for number in range(count):
        if number % len(phrasings) == 0:
            chance.shuffle(phrasings)
        intent, phrasing = phrasings[number % len(phrasings)]
        held = {field: chance.choice(values[field]) for field in re.findall(r"\{(\w+)\}", phrasing)}
        yield {
            "action": phrasing.format_map(held),
            "params": [{"field": field, "value": value} for field, value in held.items()],
            "label": f"{intent}|{','.join(sorted(held))}",
        }


if __name__ == "__main__":
    for row in write_rows(sys.argv[1], int(sys.argv[2])):
        print(json.dumps(row))
