"""The wire: what host and worker say to each other. Both sides import it, and it imports neither.

``protocol`` carries frames, ``blocks`` pixels, ``messages`` says what there is to say.
"""
