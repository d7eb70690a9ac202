"""Bodies to typed records to Arrow columns."""
