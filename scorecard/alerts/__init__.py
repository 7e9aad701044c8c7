"""What goes out by itself: feeds, e-mail digests, webhooks. Only changes of meaning."""
