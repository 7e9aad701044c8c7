"""What goes out by itself: e-mail digests and webhooks. Only changes of meaning."""
