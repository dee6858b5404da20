"""What memx costs, measured; nothing here is a test."""
