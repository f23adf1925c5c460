"""How the service logs: one JSON object a line, on standard error.

In: nothing. Out: structlog, configured. A traceback is one member of its line; values of a request are never logged.
"""

import sys

import structlog


def configure() -> None:
    """Log as JSON lines with time and level."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
