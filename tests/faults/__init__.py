"""Nothing is ever lost: whatever dies at whichever moment, things are as they were, or as asked."""
