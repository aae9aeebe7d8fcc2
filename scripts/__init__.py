"""The commands of a checkout: set-up, the box, and the tests."""
