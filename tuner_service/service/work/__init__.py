"""What workers do: register, claim, report, send files, give back."""
