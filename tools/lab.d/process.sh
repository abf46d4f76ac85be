# shellcheck shell=bash
# Servers as process groups: started in a session of their own, remembered by process id and start time, ended as a group.
#
# A process id alone proves nothing: the kernel uses it again. A server's record is therefore "PID START", where START is
# the start time in clock ticks from /proc/PID/stat. While any member of the group lives, its id is not given to
# another process, so members whose leader has died are recognised by group, session and working folder.

# start_time PID: the process's start in clock ticks since boot; fails when there is no such process.
start_time() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  # The name in parentheses may hold anything; the fields behind it are state, parent, group, session and numbers.
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  printf '%s\n' "${fields[19]}"
}

# start_server RECORD FOLDER LOG COMMAND...: starts COMMAND in FOLDER as the leader of a new session and writes RECORD.
start_server() {
  local record=$1 folder=$2 log=$3 pid
  shift 3
  (
    cd "$folder" || exit
    # No file descriptor of ours goes along, or a lock would live as long as the server.
    [[ -z ${registry_lock:-} ]] || exec {registry_lock}>&-
    exec setsid "$@" </dev/null >>"$log" 2>&1
  ) &
  pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$record"
}

# group_members RECORD: the ids of the server's living processes, one a line.
group_members() {
  local record=$1 pid start leader_start stat fields other folder
  [[ -s $record ]] || return 0
  read -r pid start <"$record"
  leader_start=$(start_time "$pid" || true)
  [[ -z $leader_start || $leader_start == "$start" ]] || return 0
  folder=$(cd "$(dirname "$record")/.." && pwd -P)
  for other in /proc/[0-9]*; do
    { stat=$(<"$other/stat"); } 2>/dev/null || continue
    read -ra fields <<<"${stat##*) }"
    # A process that ended in between leaves nothing to read.
    ((${#fields[@]} > 3)) || continue
    [[ ${fields[0]} != Z && ${fields[2]} == "$pid" && ${fields[3]} == "$pid" ]] || continue
    [[ $(readlink "$other/cwd") == "$folder"/* ]] || continue
    printf '%s\n' "${other#/proc/}"
  done
}

# server_alive RECORD: whether the server's first process runs.
server_alive() {
  local pid start
  [[ -s $1 ]] || return 1
  read -r pid start <"$1"
  [[ $(start_time "$pid") == "$start" ]]
}

# stop_server RECORD [SIGNAL]: ends every process of the server (TERM, and KILL after five seconds) and removes RECORD.
stop_server() {
  local record=$1 signal=${2:-TERM} members tries
  members=$(group_members "$record")
  if [[ -n $members ]]; then
    # shellcheck disable=SC2086 # one word a process
    kill -s "$signal" $members 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      members=$(group_members "$record")
      [[ -n $members ]] || break
      sleep 0.05
    done
    # shellcheck disable=SC2086
    [[ -z $members ]] || kill -s KILL $members 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      [[ -n $(group_members "$record") ]] || break
      sleep 0.05
    done
  fi
  rm -f "$record"
}
