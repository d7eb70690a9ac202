"""What an export reads, and the folder that it writes."""
