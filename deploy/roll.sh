#!/bin/sh
# Puts new workers in the place of all workers of a running gunicorn, one after the other, and loses no request:
#
#   deploy/roll.sh PID [SECONDS]        PID of the master; SECONDS that a worker is given to start (5)
#
# There is always one worker more than usual, never one less. New code is not for this: the master has some of it loaded,
# and gives it to its workers. That takes another master (docs/deployment.md, "Upgrades").
set -eu
master=${1:?the process id of the master of gunicorn}
pause=${2:-5}

count() { # its workers; `flask reload` is a child of it, too
    found=0
    for child in $(cat "/proc/$master/task/$master/children"); do
        if tr '\0' ' ' <"/proc/$child/cmdline" 2>/dev/null | grep -q gunicorn; then
            found=$((found + 1))
        fi
    done
    echo "$found"
}

until_there_are() {
    for _ in $(seq 300); do
        [ "$(count)" != "$1" ] || return 0
        sleep 0.2
    done
    echo "roll: $master does not have $1 workers after a minute" >&2
    exit 1
}

workers=$(count)
[ "$workers" -gt 0 ] || { echo "roll: $master has no workers" >&2; exit 1; }
for _ in $(seq "$workers"); do
    kill -TTIN "$master" # one more,
    until_there_are $((workers + 1))
    sleep "$pause"
    kill -TTOU "$master" # and the oldest one ends, after what it has under way
    until_there_are "$workers"
done
