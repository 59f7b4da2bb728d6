"""The user's own tables: read, their columns understood, prepared by Keras."""
