"""Expressions in JavaScript, `${{ … }}`: found in texts, evaluated in a process apart, put into their places.

In: texts with expressions, limits. Out: values. `filling` is for the rest of the program, `finding` knows where an
expression ends, `pool` and `engine` keep the processes, `child` is what runs in them and is imported nowhere. Knows no
web: requests and plans use it alike.
"""
