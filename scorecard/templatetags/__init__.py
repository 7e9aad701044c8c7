"""What templates of every app of ours may ask."""
