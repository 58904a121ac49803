# Asks http://GATEWAY:PORT whether it is ready, and whether it lets somebody in without a token.
export LC_ALL=C

status() { # METHOD PATH
  local status
  exec 3<>"/dev/tcp/$GATEWAY/$PORT" || return 1
  printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n' "$1" "$2" >&3
  IFS=' ' read -r -t 10 _ status _ <&3
  exec 3>&-
  printf '%s' "$status"
}

expect() { # STATUS METHOD PATH
  local found
  found=$(status "$2" "$3")
  printf '%s %s: %s\n' "$2" "$3" "${found:-no answer}"
  [[ $found == "$1" ]] || failed=1
}

failed=0
expect 200 GET /health/ready
expect 401 POST /mcp
expect 401 GET /api/users
exit "$failed"
