"""Tests of how the service is put into production: behind gunicorn and nginx."""
