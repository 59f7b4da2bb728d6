"""``python -m tuner_service.cli`` is ``tuner``."""

from tuner_service.cli.app import main

main()
