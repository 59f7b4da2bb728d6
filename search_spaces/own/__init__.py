"""The user's own models: found in files and packages, loaded, fitted in their own way."""
