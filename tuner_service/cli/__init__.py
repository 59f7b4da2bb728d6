"""The command line. Only what every command needs is imported before a command runs."""

from tuner_service.cli.app import main

__all__ = ["main"]
