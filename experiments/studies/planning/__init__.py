"""From the studies' YAML files to the runs that they need, each once."""
