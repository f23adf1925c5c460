"""What stands between Flask and the dialects: mounts, the context of a request, answers, refusals, crossings."""
