"""Running what is planned: some at a time, skipping what is done, going on with what was cut off."""
