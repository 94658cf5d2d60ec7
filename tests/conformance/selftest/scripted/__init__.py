"""Checks whose outcome is known, for the tests of the runner."""
