# shellcheck shell=bash
# Commands that a script can end together with everything that they have started.
#
# Each runs as the leader of a session of its own. Bash runs a trap at once while it waits for such a command, whereas one in
# the foreground would have to end first.

running_session=''

# run_in_session COMMAND...: runs COMMAND to its end and returns its status. What it leaves behind is ended.
run_in_session() {
  local status=0
  # Bash has background commands ignore the interrupt, and their children would inherit that.
  setsid env --default-signal=INT,QUIT "$@" &
  running_session=$!
  wait "$running_session" || status=$?
  end_session "$running_session"
  running_session=''
  return "$status"
}

# session_members SESSION: the ids of its living processes, one a line.
session_members() {
  local process stat fields
  for process in /proc/[0-9]*; do
    { stat=$(<"$process/stat"); } 2>/dev/null || continue
    # The name in parentheses may hold anything; the fields behind it are state, parent, group, session.
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} == Z || ${fields[3]} != "$1" ]] || printf '%s\n' "${process#/proc/}"
  done
}

# end_session SESSION: TERM to every process in it, and KILL to what lives ten seconds later.
end_session() {
  local signal members tries
  [[ -n $1 ]] || return 0
  for signal in TERM KILL; do
    members=$(session_members "$1")
    # shellcheck disable=SC2086 # one word a process
    [[ -z $members ]] || kill -s "$signal" $members 2>/dev/null || true
    for ((tries = 0; tries < 100; tries++)); do
      [[ -n $(session_members "$1") ]] || return 0
      sleep 0.1
    done
  done
}
