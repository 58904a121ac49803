# Registers EMAIL with PASSWORD and SETUP_TOKEN at http://GATEWAY:PORT. The image has no curl.
export LC_ALL=C

escaped() {
  local text=${1//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

# Prints the status, and the body behind it.
register() {
  local line status length=0 answer=''
  exec 3<>"/dev/tcp/$GATEWAY/$PORT" || return 1
  printf 'POST /api/auth/register HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
    "${#body}" "$body" >&3
  IFS=' ' read -r -t 30 _ status _ <&3 || return 1
  while IFS= read -r -t 30 line <&3 && [[ $line != $'\r' ]]; do
    line=${line%$'\r'}
    [[ ${line,,} != content-length:* ]] || length=${line#*: }
  done
  if ((length > 0)); then IFS= read -r -t 30 -N "$length" answer <&3; fi
  exec 3>&-
  printf '%s %s' "$status" "$answer"
}

if [[ $EMAIL$PASSWORD$SETUP_TOKEN == *[[:cntrl:]]* ]]; then
  echo "The Secret of the first admin holds a control character, such as an end of line." >&2
  exit 1
fi
body="{\"email\":\"$(escaped "$EMAIL")\",\"password\":\"$(escaped "$PASSWORD")\",\"setup_token\":\"$(escaped "$SETUP_TOKEN")\"}"

while ((SECONDS < ${PATIENCE:-270})); do
  answer=$(register 2>/dev/null)
  case $answer in
    201*'"role":"admin"'*) echo "The first admin is there." && exit 0 ;;
    201*) echo "There was a user already: this one was made, but not as an admin." >&2 && exit 1 ;;
    403*'registration is closed'* | 409*) echo "There is a user already." && exit 0 ;;
    4*)
      echo "The gateway refused the first admin: $answer" >&2
      exit 1
      ;;
  esac
  sleep 2
done
echo "The gateway was not ready in time: ${answer:-no answer}" >&2
exit 1
