"""What is in force: made at a start, changed by files or by request, followed by each worker, held by each request."""
