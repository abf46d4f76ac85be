# shellcheck shell=bash disable=SC2154 # tools/lab sets the options, and other parts the addresses
# Which labs there are on this machine, and which loopback address belongs to which.
#
# One symbolic link a lab, named by the lab, to its folder; the folder's file "address" is its claim. Changes are made
# under one lock, so that labs that start at the same moment get different addresses.

registry=${SYNCLINE_LAB_REGISTRY:-/run/syncline-lab}

lock_registry() {
  mkdir -p "$registry"
  exec {registry_lock}>"$registry/.lock"
  flock -w 30 "$registry_lock" || fail "another tools/lab has held $registry/.lock for 30 s"
}

unlock_registry() {
  exec {registry_lock}>&-
  registry_lock=
}

# lab_names: every registered lab, one a line. A link whose folder is gone is dropped.
lab_names() {
  local link
  for link in "$registry"/*; do
    [[ -L $link ]] || continue
    if [[ -d $link ]]; then printf '%s\n' "${link##*/}"; else rm -f "$link"; fi
  done
}

# port_taken ADDRESS PORT: whether something listens there (on the address itself or on all).
port_taken() {
  (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null
}

# claim_address FOLDER: picks an address that no lab has and on whose ports nothing listens, and writes FOLDER/address.
claim_address() {
  local folder=$1 claimed lab number address port
  claimed=" $(for lab in $(lab_names); do cat "$registry/$lab/address" 2>/dev/null || true; done | tr '\n' ' ')"
  for ((number = 0; number < 254 * 100; number++)); do
    address=127.0.$((77 + number / 254)).$((1 + number % 254))
    [[ $claimed != *" $address "* ]] || continue
    for port in 389 636 "$ldap_port" "$ldaps_port" "$http_port"; do
      ! port_taken "$address" "$port" || continue 2
    done
    printf '%s\n' "$address" >"$folder/address"
    return
  done
  fail "no free loopback address: does something listen on 0.0.0.0:389 or :636?"
}
