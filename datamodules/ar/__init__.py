"""The AR face database: the same people without and with sunglasses and scarf."""
