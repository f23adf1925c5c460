#!/bin/sh
# Puts new workers in the place of all workers of a running gunicorn, one after the other, and loses no request:
#
#   deploy/roll.sh PID        the process id of its master
#
# There is always one worker more than usual, never one less: a worker is called `dragoman` once it serves
# (gunicorn.conf.py). New code is not for this: the master has some of it loaded, and gives it to its workers. That takes
# another master (docs/deployment.md, "Upgrades").
set -eu
master=${1:?the process id of the master of gunicorn}

[ -r "/proc/$master/comm" ] || { echo "roll: there is no process $master" >&2; exit 1; }

called() { # NAME…: how many of its children are called one of these
    found=0
    for child in $(cat "/proc/$master/task/$master/children"); do
        name=$(cat "/proc/$child/comm" 2>/dev/null) || continue
        for wanted in "$@"; do
            [ "$name" != "$wanted" ] || found=$((found + 1))
        done
    done
    echo "$found"
}

until_there_are() {
    for _ in $(seq 600); do
        [ "$(called dragoman)" != "$1" ] || return 0
        sleep 0.2
    done
    echo "roll: $master does not have $1 workers after two minutes" >&2
    exit 1
}

workers=$(called dragoman "$(cat "/proc/$master/comm")") # those that are still starting are called as it is
[ "$workers" -gt 0 ] || { echo "roll: $master has no workers" >&2; exit 1; }
until_there_are "$workers"
for _ in $(seq "$workers"); do
    kill -TTIN "$master" # one more,
    until_there_are $((workers + 1))
    kill -TTOU "$master" # and the oldest one ends, after what it has under way
    until_there_are "$workers"
done
