"""Tables and pictures from the rows of evaluations."""
