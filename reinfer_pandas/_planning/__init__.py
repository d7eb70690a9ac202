"""What a user asks for, checked and turned into requests, before any is sent."""
