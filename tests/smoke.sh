#!/bin/bash
# Asks a running service, in each of its dialects, to sign in, list, filter, read, create, update, delete, write many,
# import and refuse. Needs bash and curl, and an administrator:
#
#   BASE_URL=https://data.example.com EMAIL=admin@example.com PASSWORD=… tests/smoke.sh
#
# It makes a table of its own in the default schema, `smoke_…`, writes into that alone, and drops it at the end, also
# where something fails. A line per check: ok or FAIL, dialect, what was asked, the status. Ends with 0 where all is well,
# with 1 where a check failed, with 2 where it could not begin.
#
# Where a service is set up otherwise: DIALECTS (those that are on; Baasix makes the table), SCHEMA (Metal's name of the
# default schema), AUTH, PHANTOM, XOND, SONICJS, WRAPPED, METAL, USER_DOORS, BAASIX, SCHEMAS (mounts), CURL (options of
# curl, such as --insecure).
set -u
LC_ALL=C

: "${DIALECTS:=phantom xond sonicjs metal baasix}" "${SCHEMA:=main}" "${AUTH:=/auth}" "${PHANTOM:=/api}" "${XOND:=/json}"
: "${SONICJS:=/v1}" "${WRAPPED:=/api/v1}" "${METAL:=/schema}" "${USER_DOORS:=/user}" "${BAASIX:=/items}"
: "${SCHEMAS:=/schemas}" "${CURL:=}"

gives_up() { echo "smoke: $1" >&2; exit 2; }
for name in BASE_URL EMAIL PASSWORD; do
    [ -n "${!name:-}" ] || gives_up "$name is not set; see the head of $0"
done
command -v curl >/dev/null || gives_up "curl is not installed"

base=${BASE_URL%/}
table=smoke_$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
folder=$(mktemp -d) || gives_up "no folder for answers"
read -ra options <<<"$CURL"
checks=0 failed=0 made=no token='' status='' dialect=''
tokens=()

json_text() { # a text as JSON has it
    local text=${1//\\/\\\\}
    printf '"%s"' "${text//\"/\\\"}"
}

# ask METHOD PATH [BODY or a form of curl]: the status in $status, the answer in $folder/body and $folder/head
ask() {
    local method=$1 path=$2 sent=()
    shift 2
    [ -z "$token" ] || sent+=(--header "Authorization: Bearer $token")
    case ${1:-} in
        -*) sent+=("$@") ;;
        ?*) sent+=(--header 'Content-Type: application/json' --data-binary "$1") ;;
    esac
    status=$(curl --silent --show-error --globoff --max-time 30 ${options[@]+"${options[@]}"} --request "$method" \
        --output "$folder/body" --dump-header "$folder/head" --write-out '%{http_code}' \
        ${sent[@]+"${sent[@]}"} "$base$path" 2>"$folder/error") || status=000
}

# check WHAT STATUS PATTERN METHOD PATH [BODY]: one line
check() {
    local what=$1 expected=$2 pattern=$3 word=ok
    shift 3
    : >"$folder/body"
    ask "$@"
    checks=$((checks + 1))
    if [ "$status" != "$expected" ] || { [ -n "$pattern" ] && ! tr -d '\n' <"$folder/body" | grep -Eq -- "$pattern"; }; then
        word=FAIL failed=$((failed + 1))
    fi
    printf '%-4s  %-8s %-34s %s\n' "$word" "$dialect" "$what" "$status"
    [ "$word" = ok ] || {
        echo "      $1 ${2:0:200}: expected $expected${pattern:+ and /$pattern/}"
        echo "      $(head -c 300 "$folder/body" | tr -d '\n')$(head -c 300 "$folder/error")"
    }
}

found() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p" "$folder/body" | head -n 1; } # the last member of this name
speaks() { case " $DIALECTS " in *" $1 "*) dialect=$1 ;; *) return 1 ;; esac; }
signed_in() { # WHAT MEMBER PATH BODY: the token that a door gives
    token=''
    check "$1" 200 "\"$2\":\"" POST "$3" "$4"
    token=$(found "$2")
    [ -z "$token" ] || tokens+=("$token")
}

finish() {
    local code=$?
    trap - EXIT
    dialect=''
    if [ "$made" = yes ]; then
        token=${tokens[0]}
        check "the table is dropped" 200 '' DELETE "$SCHEMAS/$table"
    fi
    for token in ${tokens[@]+"${tokens[@]}"}; do
        ask POST "$AUTH/logout"
    done
    rm -rf "$folder"
    [ "$checks" = 0 ] || echo "$checks checks, $failed failed"
    [ "$code" != 0 ] || [ "$failed" = 0 ] || code=1
    exit "$code"
}
trap finish EXIT
trap 'exit 2' INT TERM

credentials="\"password\": $(json_text "$PASSWORD")}"
email="{\"email\": $(json_text "$EMAIL"), $credentials"
username="{\"username\": $(json_text "$EMAIL"), $credentials"
wrong="{\"email\": $(json_text "nobody-$table@example.com"), \"password\": \"not this one\"}"
long=$(head -c 60000 /dev/zero | tr '\0' x)

# ---------------------------------------------------------------- a table of our own

speaks baasix || gives_up "the dialect baasix makes the table; it is not among DIALECTS"
ask GET "$BAASIX/$table"
[ "$status" != 000 ] || gives_up "$base cannot be reached: $(cat "$folder/error")"
signed_in "sign in" token "$AUTH/login" "$email"
[ -n "$token" ] || gives_up "$EMAIL cannot sign in at $base$AUTH/login"
own='{"id": {"type": "Integer", "primaryKey": true, "defaultValue": {"type": "AUTOINCREMENT"}},
      "name": {"type": "String", "allowNull": false, "unique": true, "values": {"length": 40}}, "kind": {"type": "String"},
      "n": {"type": "Integer"}, "price": {"type": "Decimal", "values": {"precision": 10, "scale": 2}}}'
check "a table is made" 201 created POST "$SCHEMAS" "{\"collectionName\": \"$table\", \"schema\": {\"name\": \"$table\", \"fields\": $own}}"
[ "$status" = 201 ] || gives_up "$EMAIL cannot make a table by POST $SCHEMAS"
made=yes

# ---------------------------------------------------------------- Baasix

at=$BAASIX/$table
check "create" 201 '"name":"one"' POST "$at" '{"name": "one", "kind": "a", "n": 1, "price": 9.99}'
id=$(found id)
check "list" 200 '"totalCount":1' GET "$at"
check "filter" 200 '"data":\[\{[^]]*"name":"one"' GET "$at?filter={\"n\":{\"gte\":1},\"kind\":{\"eq\":\"a\"}}&sort=[\"-price\"]"
check "filter that finds nothing" 200 '"data":\[\]' GET "$at?filter={\"name\":{\"like\":\"two\"}}"
check "one" 200 "\"id\":$id[,}]" GET "$at/$id"
check "update" 200 '"price":10.5' PATCH "$at/$id" '{"price": 10.5}'
check "bulk: create" 201 '"data":\[[0-9]+,[0-9]+\]' POST "$at/bulk" '[{"name": "two", "n": 2}, {"name": "three", "n": 3}]'
many=$(sed -n 's/.*"data": *\[\([0-9]*\),.*/\1/p' "$folder/body")
check "bulk: update" 200 '"data"' PATCH "$at/bulk" "[{\"id\": $many, \"kind\": \"b\"}]"
check "bulk: delete" 204 '' DELETE "$at/bulk" "[$many]"
check "bulk: all or nothing" 409 '"error"' POST "$at/bulk" '[{"name": "four"}, {"name": "one"}]'
printf 'name,kind,n,price\nfive,c,5,29.99\n"six, or 6",c,6,\n' >"$folder/rows.csv"
printf '[{"name": "seven", "kind": "c", "n": 7}]' >"$folder/rows.json"
check "import: CSV" 200 '"imported":2' POST "$at/import-csv" --form "csvFile=@$folder/rows.csv;type=text/csv"
check "import: JSON" 200 '"imported":1' POST "$at/import-json" --form "jsonFile=@$folder/rows.json;type=application/json"
printf 'name,n\neight,many\n' >"$folder/rows.csv"
check "import: a wrong row" 400 '"row":1' POST "$at/import-csv" --form "csvFile=@$folder/rows.csv;type=text/csv"
check "what was imported is there" 200 '"totalCount":3' GET "$at?filter={\"kind\":\"c\"}"
check "delete" 200 'deleted' DELETE "$at/$id"
check "error: deleted" 403 '"statusCode":403' GET "$at/$id"
check "error: unknown field" 400 '"error":\{"message"' GET "$at?filter={\"nope\":1}"
check "error: long query string" 400 '"error":\{"message"' GET "$at?fields=$long"
check "error: broken JSON" 400 '"error"' POST "$at" '{"name": '
token='' check "error: no token" 403 '"error"' POST "$at" '{"name": "nine"}'
token=nonsense check "error: bad token" 401 '"error"' GET "$at"
token='' check "error: wrong password" 401 '"error"' POST "$AUTH/login" "$wrong"

# ---------------------------------------------------------------- Phantom

if speaks phantom; then
    at=$PHANTOM/$table
    signed_in "sign in" token "$AUTH/login" "$email"
    check "create" 201 '"success":true' POST "$at" '{"name": "p1", "kind": "p", "n": 1}'
    id=$(found id)
    check "list" 200 '"success":true,"data":\[\{' GET "$at?limit=2"
    check "filter" 200 '"name":"p1"' GET "$at?where[n][gte]=1&where[kind]=p&sort=-n"
    check "one" 200 "\"id\":$id[,}]" GET "$at/$id?select=id,name"
    check "update" 200 '"n":2' PUT "$at/$id" '{"n": 2}'
    check "bulk: batch" 200 '"results":\[\{"success":true' POST "$PHANTOM/batch" \
        "{\"requests\": [{\"resource\": \"$table\", \"action\": \"create\", \"data\": {\"name\": \"p2\"}}, {\"resource\": \"$table\", \"action\": \"update\", \"data\": {\"id\": $id, \"n\": 3}}]}"
    check "bulk: it was written" 200 '"n":3' GET "$at/$id"
    check "delete" 200 '"success":true' DELETE "$at/$id"
    check "error: deleted" 404 '"success":false' GET "$at/$id"
    check "error: unknown field" 400 '"success":false' GET "$at?where[nope]=1"
    check "error: long query string" 400 '"success":false' GET "$at?select=$long"
    check "error: wrong value" 400 '"details"' POST "$at" '{"name": "p3", "n": "three"}'
    token='' check "error: no token" 401 '"success":false' POST "$at" '{"name": "p3"}'
fi

# ---------------------------------------------------------------- Xond

if speaks xond; then
    at=$XOND/$table
    signed_in "sign in (Xond takes any door's token)" token "$AUTH/login" "$email"
    check "create" 201 '"success":true' POST "$at" '{"name": "x1", "kind": "x", "n": 1}'
    id=$(found id)
    check "list" 200 '"pagination":\{' GET "$at?pageSize=2"
    check "filter" 200 '"totalRecords":1[,}]' GET "$at?filter=[{\"field\":\"name\",\"value\":\"x1\",\"comparison\":\"equals\"}]"
    check "count" 200 '"count":1' GET "$at?filter=[{\"field\":\"kind\",\"value\":\"x\",\"comparison\":\"startsWith\"}]&count=true"
    check "one" 200 "\"id\":$id[,}]" GET "$at/$id"
    check "update" 200 '"n":2' PUT "$at/$id" '{"n": 2}'
    check "bulk: delete by a filter" 200 '"success":true' DELETE "$at?filter=[{\"field\":\"kind\",\"value\":\"c\",\"comparison\":\"equals\"}]"
    check "bulk: they are gone" 200 '"count":0' GET "$at?filter=[{\"field\":\"kind\",\"value\":\"c\",\"comparison\":\"equals\"}]&count=true"
    check "delete" 200 '"success":true' DELETE "$at/$id"
    check "error: deleted" 404 '"success":false,"data":null' GET "$at/$id"
    check "error: unknown field" 400 '"success":false,"data":null' GET "$at?columns=nope"
    check "error: long query string" 400 '"success":false,"data":null' GET "$at?columns=$long"
    token='' check "error: no token" 401 '"success":false' POST "$at" '{"name": "x2"}'
fi

# ---------------------------------------------------------------- SonicJS

if speaks sonicjs; then
    at=$SONICJS/$table
    signed_in "sign in" bearer "$SONICJS/auth/login" "$email"
    check "create" 201 '"name":"s1"' POST "$at" '{"data": {"name": "s1", "kind": "s", "n": 1}}'
    id=$(found id)
    check "list" 200 '^\[\{' GET "$at?limit=2"
    check "filter" 200 '^\[\{[^]]*"name":"s1"' GET "$at?filters[n][\$gte]=1&filters[kind][\$eq]=s&sort=n:desc"
    check "one" 200 "^\\{.*\"id\":$id[,}]" GET "$at/$id"
    check "update" 200 '"n":2' PUT "$at/$id" '{"data": {"n": 2}}'
    check "delete" 204 '' DELETE "$at/$id"
    check "error: deleted" 404 '"message"' GET "$at/$id"
    check "error: unknown field" 400 '"message"' GET "$at?filters[nope]=1"
    check "error: long query string" 400 '"message"' GET "$at?sort=$long"
    check "error: no data" 400 'data object' POST "$at" '{"name": "s2"}'
    token='' check "error: no token" 401 '"message":"Unauthorized"' POST "$at" '{"data": {"name": "s2"}}'
    at=$WRAPPED/$table
    signed_in "wrapped: sign in" bearer "$WRAPPED/auth/login" "$email"
    check "wrapped: create" 201 '"data":\{' POST "$at" '{"data": {"name": "s3", "kind": "s"}}'
    id=$(found id)
    check "wrapped: list" 200 '"data":\[.*"total":1[,}]' GET "$at?filters[name][\$in]=s3,s4"
    check "wrapped: delete" 200 '"success":true' DELETE "$at/$id"
fi

# ---------------------------------------------------------------- Metal

if speaks metal; then
    at=$METAL/$SCHEMA/$table
    signed_in "sign in" token "$USER_DOORS/login" "$username"
    check "create" 201 '' POST "$at" '{"data": {"name": "m1", "kind": "m", "n": 1}}'
    check "bulk: create" 201 '' POST "$at" '{"data": [{"name": "m2", "kind": "m", "n": 2}, {"name": "m3", "kind": "m", "n": 3}]}'
    check "list" 200 '"status":200.*"rows":\[\{' GET "$at"
    check "filter" 200 '"rows":\[\{"name":"m3"\},\{"name":"m2"\},\{"name":"m1"\}\]' GET "$at?fields=name&filter={\"kind\":\"m\"}&sort={\"n\":\"desc\"}"
    check "filter: an expression" 200 '"rows":\[\{"n":3\}\]' GET "$at?fields=n&filter-expression=kind%20=%20'm'%20AND%20n%20>%202"
    check "one" 200 '"rows":\[\{"name":"m1"\}\]' POST "$at" '{"filter": {"name": "m1"}, "fields": "name"}'
    check "update" 204 '' PATCH "$at" '{"filter": {"kind": "m"}, "data": {"price": 1.5}}'
    check "bulk: they were written" 200 '"rows":\[\{"price":1.50?\},\{"price":1.50?\},\{"price":1.50?\}\]' GET "$at?fields=price&filter={\"kind\":\"m\"}"
    check "delete" 204 '' DELETE "$at" '{"filter": {"kind": "m"}}'
    check "they are gone" 200 '"rows":\[\]' GET "$at?filter={\"kind\":\"m\"}"
    check "error: unknown field" 400 '"error"' GET "$at?filter={\"nope\":1}"
    check "error: long query string" 400 '"(error|message)"' GET "$at?fields=$long"
    check "error: unknown entity" 404 'not found' GET "$METAL/$SCHEMA/$table-nothing"
    token='' check "error: no token" 401 '"message":"Unauthorized"' POST "$at" '{"data": {"name": "m4"}}'
fi

# ---------------------------------------------------------------- what all share

dialect=''
token=${tokens[0]}
at=$BAASIX/$table
check "a row for its entity tag" 201 '"id"' POST "$at" "{\"name\": \"tagged\", \"kind\": \"$(head -c 3000 /dev/zero | tr '\0' y)\"}"
id=$(found id)
ask GET "$at/$id" --header 'Accept-Encoding: gzip'
tag=$(sed -n 's/^[Ee][Tt][Aa][Gg]: *//p' "$folder/head" | tr -d '\r')
check "unchanged: If-None-Match" 304 '' GET "$at/$id" --header "If-None-Match: $tag"
check "If-Match" 200 '"n":1' PATCH "$at/$id" --header "If-Match: $tag" --header 'Content-Type: application/json' --data '{"n": 1}'
check "changed meanwhile: If-Match" 412 '"error"' PATCH "$at/$id" --header "If-Match: $tag" --header 'Content-Type: application/json' --data '{"n": 2}'
check "it lives" 200 '' GET /live
check "it is ready" 200 '' GET /ready
check "unknown path" 404 '"status":404' GET "/$table"
ask GET "$at" --header "X-Request-Id: $table"
grep -qi "^x-request-id: $table" "$folder/head" || {
    echo "FAIL           the id of a request comes back"
    failed=$((failed + 1))
}
