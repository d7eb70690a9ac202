"""Endpoint and token: where they may come from, and how somebody is asked for them."""
