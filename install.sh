#!/usr/bin/env bash
# Builds the Reflow Gateway if need be, starts it, stops it. See --help.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
jar=$root/app/target/reflow-gateway.jar
caller=$PWD
start_seconds=120
stop_seconds=60

usage() {
  cat <<'TEXT'
Usage: ./install.sh [--native] [--detach] [--data DIR] [--port N]
       ./install.sh --stop [--data DIR]

Starts the Reflow Gateway and runs it in the foreground until Ctrl-C. The first start builds it and
creates its state; later starts find everything as it was.

  --native      run on this machine even if there is a Docker engine
  --detach      run in the background; returns when the gateway is ready
  --stop        stop the gateway that runs in the background
  --data DIR    where the state is kept (default: data in this folder)
  --port N      port for clients (default 3000); N+1 is the one for health checks and metrics
  --java-home   print the JDK that would be used
  --version     print the version
  --help        print this

Any key of application.yaml can be set by an environment variable, such as SERVER_HOST or
LOGGING_LEVEL; REFLOW_CONFIG names another file.
TEXT
}

me() { id -un 2>/dev/null || id -u; }

say() { printf '%s\n' "$*"; }

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

misused() {
  printf 'install.sh: %s\nTry ./install.sh --help\n' "$*" >&2
  exit 2
}

version() {
  sed -n 's:^  <version>\(.*\)</version>.*:\1:p' "$root/pom.xml" | head -n 1
}

# --- the JDK ---------------------------------------------------------------------------------

# The major version of the java in a home; nothing if there is none.
java_major() {
  [[ -x $1/bin/java ]] || return 0
  "$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1
}

# The first home with a JDK of 25 or later: JAVA_HOME, the PATH, the system's folder.
find_jdk() {
  local home on_path
  local homes=()
  [[ -z ${JAVA_HOME:-} ]] || homes+=("$JAVA_HOME")
  if on_path=$(command -v javac); then
    on_path=$(readlink -f -- "$on_path")
    homes+=("${on_path%/bin/javac}")
  fi
  homes+=("${REFLOW_JVM_FOLDER:-/usr/lib/jvm}"/*)
  for home in "${homes[@]}"; do
    [[ -x $home/bin/javac ]] || continue
    if [[ $(java_major "$home") -ge 25 ]]; then
      say "$home"
      return
    fi
  done
  cat >&2 <<'TEXT'
install.sh: no JDK 25 or later found in JAVA_HOME, on the PATH or in /usr/lib/jvm. Ways to get one:
  - Debian, Ubuntu: packages of https://adoptium.net/installation/linux (temurin-25-jdk)
  - anywhere: unpack an archive of https://adoptium.net/temurin/releases/?version=25
    and run: JAVA_HOME=/path/to/jdk-25 ./install.sh
TEXT
  return 1
}

build() {
  [[ ! -f $jar || ! -d $root/app/target/libs ]] || return 0
  command -v mvn >/dev/null ||
    fail "there is no $jar yet, and no Maven to build it: install Maven (apt-get install maven)"
  say "Building the gateway (the first time takes some minutes) ..."
  JAVA_HOME=$jdk MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" \
    mvn -q -B -f "$root/pom.xml" -pl app -am -DskipTests -Dspotless.check.skip=true package ||
    fail "the build failed, see above"
}

# --- what is configured ----------------------------------------------------------------------

# The value of a key in the configuration file, as far as it is plain; else nothing.
configured() {
  local section=$1 key=$2
  [[ -r $REFLOW_CONFIG ]] || return 0
  awk -v section="$section:" -v key="$key:" '
    /^[^ #]/ { inside = ($1 == section) }
    inside && $1 == key {
      sub(/^ *[^:]*: */, ""); sub(/ +#.*/, ""); gsub(/^["\047]|["\047] *$/, "")
      if ($0 !~ /[${]/) print
      exit
    }' "$REFLOW_CONFIG"
}

# A path from the caller's point of view, or from this folder's for one that stands in a file.
absolute() {
  if [[ $1 == /* ]]; then say "$1"; else say "$2/$1"; fi
}

read_configuration() {
  local in_file
  if [[ -n ${REFLOW_CONFIG:-} ]]; then
    REFLOW_CONFIG=$(absolute "$REFLOW_CONFIG" "$caller")
  else
    REFLOW_CONFIG=$root/application.yaml
  fi
  [[ -r $REFLOW_CONFIG ]] || fail "there is no readable file $REFLOW_CONFIG"
  export REFLOW_CONFIG

  if [[ -n $data ]]; then
    data=$(absolute "$data" "$caller")
  elif [[ -n ${SERVER_DATA_DIR:-} ]]; then
    data=$(absolute "$SERVER_DATA_DIR" "$caller")
  else
    in_file=$(configured server data-dir)
    data=$(absolute "${in_file:-data}" "$root")
  fi
  export SERVER_DATA_DIR=$data

  if [[ -n $port ]]; then
    export SERVER_PORT=$port
    export MANAGEMENT_PORT=${MANAGEMENT_PORT:-$((port + 1))}
  else
    port=${SERVER_PORT:-$(configured server port)}
    port=${port:-3000}
  fi
  management_port=${MANAGEMENT_PORT:-$(configured management port)}
  host=${SERVER_HOST:-$(configured server host)}
  case $host in
    '' | 0.0.0.0 | :: | localhost) host=127.0.0.1 ;;
  esac
  pid_file=$data/gateway.pid
  log_file=$data/gateway.log
}

# --- the process -----------------------------------------------------------------------------

is_gateway() {
  local command
  if [[ -d /proc/self ]]; then
    command=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 1
  else
    command=$(ps -p "$1" -o command= 2>/dev/null) || return 1
  fi
  [[ $command == *reflow-gateway.jar* ]]
}

# The pid of the gateway that runs on this data; a pid file that nobody stands behind counts not.
running_pid() {
  local pid
  [[ -r $pid_file ]] || return 1
  read -r pid <"$pid_file" || true
  [[ $pid =~ ^[0-9]+$ ]] && is_gateway "$pid" || return 1
  say "$pid"
}

port_taken() {
  (exec 3<>"/dev/tcp/$host/$1") 2>/dev/null
}

# The status of /health/ready, without curl, which a bare machine may lack.
ready_status() {
  (
    exec 3<>"/dev/tcp/$host/$port" || exit 1
    printf 'GET /health/ready HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' \
      "$port" >&3
    IFS=' ' read -r -t 5 _ status _ <&3 || exit 1
    printf '%s' "$status"
  ) 2>/dev/null || true
}

command_line() {
  command=(
    "$jdk/bin/java"
    -Xms64m -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:+DisableAttachMechanism
    --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED
    -jar "$jar"
  )
}

prepare() {
  local pid
  if pid=$(running_pid); then
    if [[ $detach == yes ]]; then
      say "The gateway runs already (pid $pid)."
      next_steps
      exit 0
    fi
    fail "the gateway runs already (pid $pid); stop it with: $(stop_command)"
  fi
  jdk=$(find_jdk) || exit 1
  build
  if [[ $native == no ]] && command -v docker >/dev/null && docker info >/dev/null 2>&1; then
    say "There is a Docker engine, but no compose.yaml yet: running on this machine itself."
  fi
  for taken in $port $management_port; do
    if port_taken "$taken"; then
      fail "port $taken is taken by another program; choose another one with --port N"
    fi
  done
  umask 077
  ulimit -c 0
  mkdir -p -- "$data" || fail "$data can't be created"
  [[ -w $data ]] || fail "$data can't be written by $(me)"
  command_line
  cd -- "$root"
}

run() {
  say "Starting the gateway on http://localhost:$port, state in $data. Ctrl-C stops it."
  if [[ -t 1 ]]; then
    export LOGGING_FORMAT=${LOGGING_FORMAT:-text}
  fi
  say "$$" >"$pid_file"
  exec "${command[@]}"
}

run_detached() {
  local pid deadline
  [[ ! -f $log_file ]] || mv -f -- "$log_file" "$log_file.1"
  if command -v setsid >/dev/null; then
    setsid "${command[@]}" </dev/null >>"$log_file" 2>&1 &
  else
    nohup "${command[@]}" </dev/null >>"$log_file" 2>&1 &
  fi
  pid=$!
  say "$pid" >"$pid_file"
  say "Starting the gateway (pid $pid) ..."
  deadline=$((SECONDS + start_seconds))
  until [[ $(ready_status) == 200 ]]; do
    if ! kill -0 "$pid" 2>/dev/null; then
      rm -f -- "$pid_file"
      show_log "the gateway did not start"
    fi
    if ((SECONDS >= deadline)); then
      show_log "the gateway runs (pid $pid), but is not ready after $start_seconds s"
    fi
    sleep 0.2
  done
  say "The gateway is ready."
  next_steps
}

show_log() {
  printf -- '--- the last lines of %s\n' "$log_file" >&2
  tail -n 20 -- "$log_file" >&2
  printf -- '---\n' >&2
  fail "$1"
}

stop() {
  local pid deadline
  if ! pid=$(running_pid); then
    rm -f -- "$pid_file"
    say "The gateway is not running on $data."
    return
  fi
  kill -TERM "$pid" || fail "process $pid can't be stopped by $(me)"
  say "Stopping the gateway (pid $pid) ..."
  deadline=$((SECONDS + stop_seconds))
  while is_gateway "$pid"; do
    ((SECONDS < deadline)) ||
      fail "the gateway (pid $pid) still runs after $stop_seconds s; kill -9 $pid ends it at once"
    sleep 0.1
  done
  rm -f -- "$pid_file"
  say "The gateway is stopped. Its state stays in $data."
}

stop_command() {
  if [[ $data == "$root/data" ]]; then
    printf '%q --stop' "$0"
  else
    printf '%q --stop --data %q' "$0" "$data"
  fi
}

next_steps() {
  cat <<TEXT

  MCP endpoint   http://localhost:$port/mcp
  REST API       http://localhost:$port/api
  Metrics        http://localhost:${management_port:-3001}/metrics
  State          $data
  Log            $log_file

Next: register; the first user becomes admin.

  curl -X POST http://localhost:$port/api/auth/register -H 'Content-Type: application/json' \\
    -d '{"email":"admin@example.com","password":"choose a good one"}'

README.md goes on from there. Stop with: $(stop_command)
TEXT
}

# --- the command line ------------------------------------------------------------------------

action=run native=no detach=no data='' port=''
while (($# > 0)); do
  case $1 in
    --native) native=yes ;;
    --detach) detach=yes ;;
    --stop) action=stop ;;
    --data | --port)
      [[ -n ${2:-} ]] || misused "$1 needs a value"
      if [[ $1 == --data ]]; then data=$2; else port=$2; fi
      shift
      ;;
    --data=*) data=${1#*=} ;;
    --port=*) port=${1#*=} ;;
    --java-home) action=java-home ;;
    --version) action=version ;;
    -h | --help) action=help ;;
    *) misused "unknown option '$1'" ;;
  esac
  shift
done
if [[ -n $port ]] && ! [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65534 ]]; then
  misused "--port must be 1 to 65534, is '$port'"
fi

case $action in
  help) usage ;;
  version) say "Reflow Gateway $(version)" ;;
  java-home) find_jdk ;;
  stop)
    read_configuration
    stop
    ;;
  run)
    read_configuration
    prepare
    if [[ $detach == yes ]]; then run_detached; else run; fi
    ;;
esac
