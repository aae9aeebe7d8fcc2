"""Where people are: each channel translates between them and the services, and decides nothing."""
