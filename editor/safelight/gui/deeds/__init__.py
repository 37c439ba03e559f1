"""Deeds: the table of everything a person can ask the window for, from which all offers are drawn.

``deed`` says what a line is and makes actions of the lines; every other file holds the lines of
one kind: what only the window can do, the commands of the document, tools, panels, filters.
"""
