"""Build, look at and convert face models."""
