"""Confinement: what a process may touch: Landlock, system calls, Bubblewrap, a scratch folder.

A process confines itself before it runs a stranger's code; the host asks what protects it.
"""
