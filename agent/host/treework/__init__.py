"""The program that works on trees of files of containers: see :mod:`agent.host.treework.__main__`."""
