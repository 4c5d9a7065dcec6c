"""The evaluation protocols of the papers, one command each, with the published figures beside what was measured."""
