# shellcheck shell=bash disable=SC2154 # tools/lab sets the options, and other parts the addresses
# What a lab tells about itself: lab.env for shells, lab.json for programs, and a configuration of Syncline for its servers.

http_port=8389
gateway_port=1636
gateway_plain_port=1389

# lab_facts FOLDER ADDRESS: KEY=VALUE, one a line; no value needs quoting in a shell, which set_folder sees to.
lab_facts() {
  local folder=$1 address=$2
  cat <<END
LAB_NAME=$name
LAB_DIR=$folder
LAB_ADDRESS=$address
CA_FILE=$folder/tls/ca.pem
AD_URI=ldaps://$address
AD_PLAIN_URI=$([[ -z $plain_ad ]] || printf 'ldap://%s' "$address")
AD_HOST=$address
AD_BASE=$ad_base
AD_PEOPLE_BASE=$ad_people
AD_TEAMS_BASE=$ad_teams
AD_ADMIN_DN=CN=Administrator,CN=Users,$ad_base
AD_ADMIN_PASSWORD_FILE=$folder/secrets/ad-admin.password
AD_SYNC_DN=$ad_account@syncline.test
AD_SYNC_PASSWORD_FILE=$folder/secrets/ad-syncline.password
AD_BACKEND=$ad_backend
AD_WORKERS=$ad_workers
AD_PID=$(cut -d' ' -f1 "$folder/run/ad.pid" 2>/dev/null || true)
LDAP_URI=ldap://$address:$ldap_port
LDAPS_URI=ldaps://$address:$ldaps_port
LDAP_HOST=$address
LDAP_BASE=$ldap_base
LDAP_PEOPLE_BASE=$ldap_people
LDAP_TEAMS_BASE=$ldap_teams
LDAP_ADMIN_DN=$ldap_admin
LDAP_ADMIN_PASSWORD_FILE=$folder/secrets/ldap-admin.password
LDAP_SYNC_DN=$ldap_account
LDAP_SYNC_PASSWORD_FILE=$folder/secrets/ldap-syncline.password
LDAP_MODE=$ldap_mode
LDAP_PID=$(cut -d' ' -f1 "$folder/run/ldap.pid" 2>/dev/null || true)
SEED_PASSWORD_FILE=$([[ -z $seed_passwords ]] || printf '%s' "$folder/secrets/seed.password")
DURABLE=${durable:-no}
GATEWAY_URI=ldaps://$address:$gateway_port
SYNCLINE_CONFIG=$folder/syncline.yaml
ADMIN_SOCKET=$folder/admin.sock
ADMIN_HTTP=$address:$http_port
END
}

# write_facts FOLDER ADDRESS: lab.env and lab.json, replaced whole.
write_facts() {
  local folder=$1 address=$2 key value separator=''
  lab_facts "$folder" "$address" >"$folder/lab.env.new"
  {
    printf '{'
    while IFS='=' read -r key value; do
      printf '%s\n  "%s": "%s"' "$separator" "$key" "$value"
      separator=,
    done <"$folder/lab.env.new"
    printf '\n}\n'
  } >"$folder/lab.json.new"
  mv "$folder/lab.env.new" "$folder/lab.env"
  mv "$folder/lab.json.new" "$folder/lab.json"
}

# read_facts FOLDER: the options that the lab was started with, for what is done to it later.
read_facts() {
  local folder=$1 key value
  [[ -s $folder/lab.env ]] || return 0
  while IFS='=' read -r key value; do
    case $key in
      AD_BACKEND) ad_backend=$value ;;
      AD_WORKERS) ad_workers=$value ;;
      AD_PLAIN_URI) plain_ad=${value:+yes} ;;
      LDAP_MODE) ldap_mode=$value ;;
      SEED_PASSWORD_FILE) seed_passwords=${value:+yes} ;;
      DURABLE) durable=$([[ $value == no ]] || echo yes) ;;
    esac
  done <"$folder/lab.env"
}

write_syncline_config() {
  local folder=$1 address=$2
  install -d -m 700 "$folder/cache"
  cat >"$folder/syncline.yaml" <<END
version: 1
cache: {path: $folder/cache, encrypt: false}
admin: {socket: $folder/admin.sock, http: "$address:$http_port"}
ad:
  kind: active-directory
  servers: ["ldaps://$address"]
  base: "$ad_base"
  bind: {dn: $ad_account@syncline.test, passwordFile: $folder/secrets/ad-syncline.password}
  tls: {caFile: $folder/tls/ca.pem}
miniorange:
  kind: openldap
  servers: ["ldaps://$address:$ldaps_port"]
  base: "$ldap_base"
  bind: {dn: "$ldap_account", passwordFile: $folder/secrets/ldap-syncline.password}
  tls: {caFile: $folder/tls/ca.pem}
direction: both
gateway:
  listen: "$address:$gateway_port"
  startTLS: "$address:$gateway_plain_port"
  certificateFile: $folder/tls/gateway.crt
  keyFile: $folder/tls/gateway.key
  administrators: ["$ldap_admin"]
objects:
  - name: people
    kind: user
    ad: {base: "$ad_people"}
    miniorange: {base: "$ldap_people"}
    match: [{ad: sAMAccountName, miniorange: uid}, {ad: mail, miniorange: mail}]
    attributes: default
  - name: teams
    kind: group
    ad: {base: "$ad_teams"}
    miniorange: {base: "$ldap_teams"}
  - name: departments
    kind: container
    ad: {base: "$ad_people"}
    miniorange: {base: "$ldap_people"}
END
}
