"""Studies: what is trained, once for all of them; what of it goes into which table; one folder a study."""
