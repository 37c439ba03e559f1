"""Project: the file that holds a document with its layers and history, and what a kill leaves."""
