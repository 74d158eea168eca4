"""Processes that train side by side: they get orders, and what one that is killed began is resumed in another."""
