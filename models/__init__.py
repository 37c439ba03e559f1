"""How Safelight's own networks are made. Installed nowhere, imported by nobody."""
