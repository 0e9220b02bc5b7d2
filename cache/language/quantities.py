"""Which of them, how many, on what condition, and in what unit."""

from __future__ import annotations

# Which of them, how many, on what condition. By class, so that "every" may stand for "all".
SCOPE: dict[str, str] = {
    word: name
    for name, words in {
        "all": "all every each entire everything everyone everybody",
        "both": "both",
        "only": "only solely exclusively",
        "except": "except excluding excepting besides minus",
        "unless": "unless",
        "if": "if provided assuming",
        "until": "until till",
        "while": "while whilst",
        "once": "once",
        "half": "half",
        "double": "double twice",
        "either": "either",
        "other": "other others",
        "remaining": "remaining rest",
        "again": "again",
        "more": "another more additional extra further",
        "also": "additionally",
        "daily": "daily",
        "weekly": "weekly",
        "monthly": "monthly",
        "hourly": "hourly",
        "yearly": "yearly annually",
        "recurring": "recurring repeatedly regularly",
    }.items()
    for word in words.split()
}
SCOPE_PHRASES: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): name
    for phrase, name in {
        "at most": "at most",
        "no more than": "at most",
        "not more than": "at most",
        "up to": "at most",
        "at least": "at least",
        "no less than": "at least",
        "no fewer than": "at least",
        "more than": "more than",
        "greater than": "more than",
        "over than": "more than",
        "less than": "less than",
        "fewer than": "less than",
        "other than": "except",
        "apart from": "except",
        "aside from": "except",
        "but not": "except",
        "as long as": "if",
        "in case": "if",
        "only if": "if",
    }.items()
}

UNITS: dict[str, str] = {
    word: name
    for name, words in {
        "dollar": "$ dollar dollars buck bucks",
        "usd": "usd",
        "cent": "cent cents ¢",
        "euro": "€ euro euros eur",
        "pound": "£ pound pounds gbp",
        "yen": "¥ yen jpy",
        "rupee": "₹ rupee rupees inr",
        "franc": "chf franc francs",
        "won": "₩ won krw",
        "cad": "cad",
        "aud": "aud",
        "yuan": "yuan cny rmb",
        "bitcoin": "bitcoin bitcoins btc",
        "percent": "% percent pct",
        "microgram": "mcg µg ug microgram micrograms",
        "milligram": "mg milligram milligrams",
        "gram": "g gram grams",
        "kilogram": "kg kgs kilo kilos kilogram kilograms",
        "pound weight": "lb lbs",
        "ounce": "oz ounce ounces",
        "ton": "ton tons tonne tonnes",
        "millimetre": "mm millimeter millimeters millimetre millimetres",
        "centimetre": "cm centimeter centimeters centimetre centimetres",
        "metre": "m meter meters metre metres",
        "kilometre": "km kms kilometer kilometers kilometre kilometres",
        "inch": "inch inches",
        "foot": "ft foot feet",
        "yard": "yd yard yards",
        "mile": "mi mile miles",
        "millilitre": "ml milliliter milliliters millilitre millilitres",
        "litre": "l liter liters litre litres",
        "gallon": "gal gallon gallons",
        "millisecond": "ms millisecond milliseconds",
        "second": "s sec secs second seconds",
        "minute": "min mins minute minutes",
        "hour": "h hr hrs hour hours",
        "day": "d day days",
        "week": "wk week weeks fortnight",
        "month": "month months",
        "year": "yr yrs year years",
        "kilobyte": "kb kilobyte kilobytes",
        "megabyte": "mb megabyte megabytes",
        "gigabyte": "gb gigabyte gigabytes",
        "terabyte": "tb terabyte terabytes",
        "celsius": "celsius c",
        "fahrenheit": "fahrenheit f",
        "kelvin": "kelvin",
        "dozen": "dozen dozens",
        "hundred": "hundred hundreds",
        "thousand": "thousand thousands k",
        "million": "million millions mn",
        "billion": "billion billions bn",
    }.items()
    for word in words.split()
}
