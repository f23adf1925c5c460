"""What is told of requests to those who look after the service: ids, times, lines of the log, figures."""
