"""Export: the dialog, its preview, and a photograph or several written to files."""
