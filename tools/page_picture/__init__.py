"""A page as Chromium without a window shows it: pictures of it, and what tests ask of it."""
