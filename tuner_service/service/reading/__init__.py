"""What is only looked at, by pages and programs; nothing here changes a study."""
