"""`flask db …`: the databases and the definitions of their tables.

In: the configuration that the environment names. Out: text on the terminal. These commands start no service: they are
for a configuration that the service would refuse, too.
"""

from flask.cli import AppGroup

from crud.cli.inspect import inspect

db_commands = AppGroup("db", help="The tables of the databases, and what definitions want of them.")
db_commands.add_command(inspect)
