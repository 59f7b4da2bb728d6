"""What the service is about, as frozen data: studies, trials, spaces. Standard library only, no I/O, no clock."""
