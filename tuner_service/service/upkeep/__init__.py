"""What keeps the house: tokens, health, the reaper, backups."""
