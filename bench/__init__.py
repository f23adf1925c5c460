"""The measurements of `make bench`: Dragoman beside a bare Flask route and beside views written by hand."""
