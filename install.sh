#!/usr/bin/env bash
# Builds the Reflow Gateway if need be, starts it, stops it. See --help. Also works when piped into
# bash: then it fetches the repository first.
set -euo pipefail

repository=${REFLOW_REPOSITORY:-https://github.com/JulianPedro/reflow-gateway.git}
branch=${REFLOW_BRANCH:-main}
home=${REFLOW_HOME:-${HOME:-$PWD}/reflow-gateway}
caller=$PWD
start_seconds=120
stop_seconds=60

usage() {
  cat <<TEXT
Usage: ./install.sh [--native] [--detach] [--data DIR] [--port N]
       ./install.sh --stop [--data DIR]
       ./install.sh --uninstall [--purge] [--data DIR]
       curl -fsSL .../install.sh | bash [-s -- OPTIONS]

Starts the Reflow Gateway: in containers, with PostgreSQL and Grafana, where there are a Docker engine
and docker compose, else on this machine itself, which needs a JDK 25 and Maven. The first start
builds it and creates its state and secrets; later starts find everything as it was.

  --native      run on this machine even if there is a Docker engine
  --detach      run in the background; returns when the gateway is ready. Containers always do, and so
                does what is piped into bash; otherwise the gateway runs until Ctrl-C
  --stop        stop the gateway that runs in the background
  --uninstall   stop it and remove what was built for it; its state and secrets stay
  --purge       with --uninstall: delete state and secrets too
  --data DIR    run on this machine and keep the state there (default: data in this folder)
  --port N      port for clients (default 3000). On this machine N+1 is the one for health checks and
                metrics; with containers N+2 is Grafana's
  --java-home   print the JDK that would be used
  --version     print the version
  --help        print this

On this machine any key of application.yaml can be set by an environment variable, such as
SERVER_HOST or LOGGING_LEVEL; REFLOW_CONFIG names another file. For containers see .env.

Piped into bash it clones $repository
(REFLOW_REPOSITORY, REFLOW_BRANCH) into $home (REFLOW_HOME),
or brings the clone that is there up to date.
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

TEXT
  registration
  say "README.md goes on from there. Stop with: $(stop_command)"
}

registration() {
  cat <<TEXT
Next: register; the first user becomes admin.

  curl -X POST http://localhost:$port/api/auth/register -H 'Content-Type: application/json' \\
    -d '{"email":"admin@example.com","password":"choose a good one"}'

TEXT
}

# --- the containers --------------------------------------------------------------------------

# How compose is called here, in the array compose; fails where there is none or no engine.
find_compose() {
  if ! command -v docker >/dev/null; then
    why_native="there is no Docker"
  elif ! docker info >/dev/null 2>&1; then
    why_native="there is Docker, but $(me) can't reach its engine"
  elif docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
    return
  elif command -v docker-compose >/dev/null &&
    [[ $(docker-compose version --short 2>/dev/null) =~ ^v?[2-9] ]]; then
    compose=(docker-compose)
    return
  else
    why_native="there is Docker, but no docker compose of version 2 or later"
  fi
  return 1
}

# Whether to use containers. Whoever has begun in one way goes on in it: each has a state of its own.
use_containers() {
  [[ $native == no && -z $data && -z ${SERVER_DATA_DIR:-} && -f $root/compose.yaml ]] || return 1
  if [[ -f $root/.env ]]; then
    find_compose || fail "$root/.env says that the gateway runs in containers, but $why_native.
To run it on this machine instead, with a new state, use --native"
    return 0
  fi
  if [[ -d $root/data/audit || -d $root/data/postgres ]]; then
    say "Going on with the state in $root/data, on this machine."
    return 1
  fi
  find_compose && return 0
  say "Running on this machine itself: $why_native."
  return 1
}

in_project() {
  (cd -- "$root" && "${compose[@]}" "$@")
}

# The value of a variable in .env; nothing if it has none.
variable() {
  [[ ! -f $root/.env ]] || sed -n "s/^$1=//p" "$root/.env" | tail -n 1
}

project() {
  local name=${COMPOSE_PROJECT_NAME:-$(variable COMPOSE_PROJECT_NAME)}
  say "${name:-reflow-gateway}"
}

has_volumes() {
  docker volume inspect "$(project)_postgres-data" >/dev/null 2>&1
}

random_hex() { # BYTES
  head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

# Puts a value into the lines of .env, in place of the one that is there or commented out.
assigned() { # NAME VALUE
  awk -v name="$1" -v value="$2" '
    !done && ($0 ~ "^#?" name "=") { print name "=" value; done = 1; next }
    { print }
    END { if (!done) print name "=" value }'
}

# Sees to it that .env has all secrets and the ports that are wanted. It is there whole or not at all.
write_environment() {
  local text fresh=$root/.env.new
  umask 077
  if [[ -f $root/.env ]]; then text=$(<"$root/.env"); else text=$(<"$root/.env.example"); fi
  [[ -n $(variable DB_PASSWORD) ]] || text=$(assigned DB_PASSWORD "$(random_hex 24)" <<<"$text")
  [[ -n $(variable JWT_SECRET) ]] || text=$(assigned JWT_SECRET "$(random_hex 32)" <<<"$text")
  [[ -n $(variable ENCRYPTION_KEY) ]] ||
    text=$(assigned ENCRYPTION_KEY "$(random_hex 16)" <<<"$text")
  [[ -n $(variable GRAFANA_PASSWORD) ]] ||
    text=$(assigned GRAFANA_PASSWORD "$(random_hex 12)" <<<"$text")
  if [[ -n $port ]]; then
    text=$(assigned REFLOW_PORT "$port" <<<"$text")
    text=$(assigned GRAFANA_PORT "$((port + 2))" <<<"$text")
  fi
  printf '%s\n' "$text" >"$fresh" || fail "$fresh can't be written by $(me)"
  mv -f -- "$fresh" "$root/.env"
}

# The port on this machine, which is free or the gateway's own already.
require_port() { # SERVICE PORT
  local mapped
  if mapped=$(in_project port "$1" 3000 2>/dev/null) && [[ $mapped == *:"$2" ]]; then
    return
  fi
  ! port_taken "$2" ||
    fail "port $2, for $1, is taken by another program; choose another one with --port N"
}

start_containers() {
  local grafana_port deadline
  # Without their secrets data could not be opened.
  if [[ -z $(variable DB_PASSWORD) ]]; then
    ! has_volumes ||
      fail "the data of an earlier installation are there (docker volume ls), but their secrets are
not in $root/.env: put the file back, or delete the data with: $(shown "$root/install.sh") --uninstall --purge"
    before=$([[ ! -f $root/.env ]] || cat "$root/.env")
    trap give_up EXIT
  fi
  write_environment
  host=$(variable REFLOW_BIND)
  case $host in '' | 0.0.0.0 | ::) host=127.0.0.1 ;; esac
  port=$(variable REFLOW_PORT)
  port=${port:-3000}
  require_port gateway "$port"
  grafana_port=$(variable GRAFANA_PORT)
  grafana_port=${grafana_port:-3002}
  if grafana; then require_port otel-lgtm "$grafana_port"; fi
  say "Building the image (the first time takes some minutes) ..."
  DOCKER_BUILDKIT=1 in_project build --quiet gateway >/dev/null ||
    fail "the image could not be built, see above"
  say "Starting the containers ..."
  in_project up --detach --remove-orphans || containers_failed
  deadline=$((SECONDS + start_seconds))
  until [[ $(ready_status) == 200 ]]; do
    if ((SECONDS >= deadline)) || [[ $(restarts) != 0 ]]; then containers_failed; fi
    sleep 0.5
  done
  trap - EXIT
  say "The gateway is ready."
  next_steps_in_containers "$grafana_port"
}

# How often the gateway's container had to be started again.
restarts() {
  docker inspect --format '{{.RestartCount}}' "$(in_project ps --all --quiet gateway)"
}

grafana() {
  [[ ,${COMPOSE_PROFILES-$(variable COMPOSE_PROFILES)}, == *,grafana,* ]]
}

containers_failed() {
  in_project logs --no-color --tail 20 gateway postgres >&2 || true
  fail "the containers did not start, see above"
}

# A first start that failed leaves nothing: neither containers nor secrets that fit nothing.
give_up() {
  in_project down --volumes --timeout 5 >/dev/null 2>&1 || true
  rm -f -- "$root/.env" "$root/.env.new"
  [[ -z $before ]] || printf '%s\n' "$before" >"$root/.env"
}

stop_containers() {
  [[ -f $root/.env ]] && find_compose || return 1
  [[ -n $(in_project ps --quiet 2>/dev/null) ]] || return 1
  COMPOSE_PROFILES=grafana in_project down --remove-orphans || fail "the containers can't be stopped, see above"
  say "The containers are stopped. Their state stays in the volumes of Docker."
}

next_steps_in_containers() { # GRAFANA_PORT
  cat <<TEXT

  MCP endpoint   http://localhost:$port/mcp
  REST API       http://localhost:$port/api
TEXT
  if grafana; then
    say "  Grafana        http://localhost:$1 (after a minute), user admin, GRAFANA_PASSWORD of .env"
  fi
  cat <<TEXT
  Secrets        $root/.env: keep it, the state can't be read without it
  State          volumes of Docker: gateway-data, postgres-data, telemetry-data
  Log            cd $(shown "$root") && ${compose[*]} logs -f gateway

TEXT
  registration
  say "README.md goes on from there. Stop with: $(shown "$root/install.sh") --stop"
}

shown() { printf '%q' "$1"; }

# --- removing it -----------------------------------------------------------------------------

uninstall() {
  local left=()
  if [[ -f $root/compose.yaml ]] && find_compose; then
    remove_containers
    if has_volumes; then left+=("volumes of Docker ($(project)_...)"); fi
  fi
  if running_pid >/dev/null; then stop; fi
  rm -rf -- "$root"/{,app/,app/bench/,migrations/,operator/crd/,operator/testing/,operator/controller/}target
  if [[ $purge == yes ]]; then
    rm -rf -- "$data"
    rm -f -- "$root/.env"
  fi
  for file in "$data" "$root/.env"; do
    [[ ! -e $file ]] || left+=("$file")
  done
  say "The gateway is removed, but for this folder: $root"
  ((${#left[@]} == 0)) || say "State and secrets are left in: ${left[*]}"
}

# Compose wants values for the secrets also where it needs none.
remove_containers() {
  local options=(--remove-orphans) name
  [[ $purge == no ]] || options+=(--volumes)
  (
    for name in DB_PASSWORD JWT_SECRET ENCRYPTION_KEY GRAFANA_PASSWORD; do
      [[ -n $(variable "$name") ]] || export "$name=none"
    done
    COMPOSE_PROFILES=grafana in_project down "${options[@]}"
    in_project config --images | sed -n '/^reflow-gateway:/p' |
      xargs -r docker image rm --force >/dev/null 2>&1 || true
  ) || fail "the containers can't be removed, see above"
}

# --- the repository, for a script that has none ----------------------------------------------

# Fails early where nothing could be run anyhow.
check_prerequisites() {
  command -v git >/dev/null || fail "git is missing, which fetches the gateway: install it"
  if [[ $native == yes ]] || ! find_compose; then
    if [[ $native == no ]]; then say "No containers: $why_native."; fi
    find_jdk >/dev/null || exit 1
    [[ -f $home/app/target/reflow-gateway.jar ]] || command -v mvn >/dev/null ||
      fail "Maven is missing, which builds the gateway: install it (apt-get install maven)"
  fi
}

# Clones beside the place and moves it there when it is complete.
fetch_repository() {
  local fresh
  if [[ -d $home/.git ]]; then
    say "Bringing $home up to date ..."
    git -C "$home" pull --quiet --ff-only ||
      say "That did not work, see above: going on with what is there."
    return
  fi
  [[ ! -e $home ]] || fail "$home is there, but is no clone; choose another place with REFLOW_HOME"
  mkdir -p -- "$(dirname -- "$home")" || fail "$(dirname -- "$home") can't be created by $(me)"
  fresh=$(mktemp -d -- "$home.XXXXXX") || fail "nothing can be written beside $home by $(me)"
  trap 'rm -rf -- "$fresh"' EXIT
  say "Cloning $repository into $home ..."
  git clone --quiet --depth 1 --branch "$branch" -- "$repository" "$fresh/clone" ||
    fail "$repository can't be cloned, see above"
  mv -- "$fresh/clone" "$home"
  rm -rf -- "$fresh"
  trap - EXIT
}

run_from_clone() {
  case $action in
    run)
      check_prerequisites
      fetch_repository
      exec "$home/install.sh" --detach "$@" </dev/null
      ;;
    help) usage ;;
    *)
      [[ -x $home/install.sh ]] || fail "there is no installation in $home (REFLOW_HOME)"
      exec "$home/install.sh" "$@" </dev/null
      ;;
  esac
}

# --- the command line ------------------------------------------------------------------------

action=run native=no detach=no purge=no data='' port=''

parse() {
  while (($# > 0)); do
    case $1 in
      --native) native=yes ;;
      --detach) detach=yes ;;
      --stop) action=stop ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
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
  if [[ -n $port ]] && ! [[ $port =~ ^[1-9][0-9]{0,4}$ && $port -le 65533 ]]; then
    misused "--port must be 1 to 65533, is '$port'"
  fi
  if [[ $purge == yes && $action != uninstall ]]; then
    misused "--purge goes with --uninstall"
  fi
}

main() {
  parse "$@"
  # A script that is piped into bash stands in no file.
  if [[ -z ${BASH_SOURCE[0]:-} || ! -f ${BASH_SOURCE[0]} ]]; then
    run_from_clone "$@"
    return
  fi
  root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
  jar=$root/app/target/reflow-gateway.jar
  case $action in
    help) usage ;;
    version) say "Reflow Gateway $(version)" ;;
    java-home) find_jdk ;;
    stop)
      stop_containers && stopped=yes || stopped=no
      read_configuration
      if [[ $stopped == no ]] || running_pid >/dev/null; then stop; fi
      ;;
    uninstall)
      read_configuration
      uninstall
      ;;
    run)
      if use_containers; then
        start_containers
        return
      fi
      read_configuration
      prepare
      if [[ $detach == yes ]]; then run_detached; else run; fi
      ;;
  esac
}

# All of it is read before anything is done: what arrives cut off does nothing.
main "$@"
