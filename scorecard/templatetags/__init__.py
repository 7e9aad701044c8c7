"""Tags and filters for templates of every app of ours."""
