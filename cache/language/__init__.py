"""What guards know of English, as plain data and pure functions.

All words are lower case and in their base form; :func:`cache.language.forms.base_form` finds the base form of a
word as it stands in a text. The lists may be short of words, never wrong about one: what they do not know counts
as a difference.
"""
