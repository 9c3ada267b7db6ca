"""A second import keeps an author's edits: a three-way merge, word by word.

A word is a value in a file at its path, such as the label of an input. What the last import wrote is recorded as a
digest of each word (`record`), so that a word which nobody touched can follow the vendor, and an author's word stays.
"""
