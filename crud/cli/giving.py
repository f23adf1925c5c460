"""What a command has made: a file, or text on the terminal.

In: a text that ends its last line, and where it shall go. Out: it is there, or the reason why it cannot be.
"""

from pathlib import Path

import click


def give(text: str, output: Path | None) -> None:
    """Write it into a file, or else on standard output."""
    if output is None:
        return click.echo(text, nl=False)
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(output), error.strerror or "cannot be written") from error
    return None
