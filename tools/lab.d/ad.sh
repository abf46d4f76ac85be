# shellcheck shell=bash disable=SC2154 # tools/lab sets the options, and other parts the addresses
# A Samba Active Directory domain controller that serves LDAP alone, out of one folder.
#
# Provisioning takes seconds, so its result is kept as a tarball and each lab starts from a copy. The passwords in the copy were
# made at random when the tarball was. All labs from one tarball have the same domain SID and invocationId.

ad_realm=SYNCLINE.TEST
ad_domain=SYNCLINE
ad_base=DC=syncline,DC=test
ad_people=OU=People,$ad_base
ad_teams=OU=Teams,$ad_base
ad_account=svc-syncline
grant_ad=$repository/conf/active-directory/grant
samba_python=/usr/bin/python3

random_password() {
  # Complex enough for the domain's default policy: all four classes of characters.
  printf 'Aa1-%s' "$(openssl rand -base64 18 | tr '+/' 'xy')"
}

# ad_cache: sets cache to the folder of tarballs and key to what one with this lab's Samba, backend and scripts is called by.
ad_cache() {
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/syncline-lab
  key=$ad_backend-$({ samba --version; cat "$lab_parts/ad.sh" "$lab_parts/people" "$grant_ad"; } | sha256sum | cut -c1-16)
  mkdir -p "$cache"
  chmod 0700 "$cache"
}

# ad_template: sets tarball to the path of the template, provisioning it first if this machine has none yet. Not to be
# called in a subshell: undo_up removes template_work.
ad_template() {
  local cache key
  ad_cache
  tarball=$cache/ad-$key.tar
  [[ ! -s $tarball ]] || return 0
  exec {template_lock}>"$cache/.lock"
  flock "$template_lock"
  if [[ ! -s $tarball ]]; then
    note "Provisioning a domain controller ($ad_backend), once"
    # Of other versions, nothing will be needed again; what a killed run has left belongs to no one, as the lock is ours.
    rm -rf "$cache"/ad-"$ad_backend"-* "$cache"/new.*
    template_work=$(mktemp -d "$cache/new.XXXXXX")
    provision_ad "$ad_backend" "$template_work/ad"
    pack_ad "$template_work" "$tarball"
    rm -rf "$template_work"
    template_work=
  fi
  exec {template_lock}>&-
}

# pack_ad FOLDER TARBALL: FOLDER/ad as a tarball that appears whole or not at all.
pack_ad() {
  (umask 077 && tar --sparse -C "$1" -cf "$2.$$" ad)
  mv "$2.$$" "$2"
}

provision_ad() {
  local backend=$1 folder=$2 log=$template_work/log ou size=()
  # A million people take 14 GB; the file holds no more than what is in it.
  [[ $backend != mdb ]] || size=(--backend-store-size=32Gb)
  mkdir -p "$folder"
  (
    umask 077
    random_password >"$folder/admin.password"
    random_password >"$folder/syncline.password"
  )
  samba-tool domain provision --realm="$ad_realm" --domain="$ad_domain" --server-role=dc \
    --adminpass="$(<"$folder/admin.password")" --dns-backend=NONE --host-name=dc1 --backend-store="$backend" \
    "${size[@]}" --targetdir="$folder" --option="interfaces=127.0.0.1/8" --option="bind interfaces only=yes" >"$log" 2>&1 \
    || fail "samba-tool domain provision failed: $(tail -5 "$log")"
  write_smb_conf "$folder" 127.0.0.1 1 "" ""
  for ou in "$ad_people" "$ad_teams"; do
    samba-tool ou create "$ou" -H "$folder/private/sam.ldb" -s "$folder/smb.conf" >>"$log" 2>&1 \
      || fail "samba-tool ou create $ou failed: $(tail -5 "$log")"
  done
  "$samba_python" "$grant_ad" -H "$folder/private/sam.ldb" -s "$folder/smb.conf" --account "$ad_account" \
    --account-password-file "$folder/syncline.password" --base "$ad_people" --base "$ad_teams" \
    --kinds users,groups,containers,cn-containers --dirsync >>"$log" 2>&1 \
    || fail "conf/active-directory/grant failed: $(tail -5 "$log")"
  rm -rf "${folder:?}/etc"
}

# write_smb_conf FOLDER ADDRESS WORKERS DURABLE PLAIN: every path lies inside the folder.
write_smb_conf() {
  local folder=$1 address=$2 workers=$3 durable=$4 plain=$5
  mkdir -p "$folder"/{run,log,cache}
  cat >"$folder/smb.conf" <<END
[global]
	netbios name = DC1
	realm = $ad_realm
	workgroup = $ad_domain
	server role = active directory domain controller
	server services = ldap
	interfaces = $address/8
	bind interfaces only = yes
	prefork children:ldap = $workers
	private dir = $folder/private
	state directory = $folder/state
	lock directory = $folder/run
	cache directory = $folder/cache
	pid directory = $folder/run
	ncalrpc dir = $folder/run/ncalrpc
	binddns dir = $folder/bind-dns
	winbindd socket directory = $folder/run/winbindd
	old password allowed period = 0
	logging = file
	log file = $folder/log/samba
	tls enabled = yes
	tls keyfile = $folder/../tls/ad.key
	tls certfile = $folder/../tls/ad.crt
	tls cafile = $folder/../tls/ca.pem
END
  [[ -n $durable ]] || printf '\tldb:nosync = true\n' >>"$folder/smb.conf"
  [[ -z $plain ]] || printf '\tldap server require strong auth = no\n' >>"$folder/smb.conf"
  printf '\n[sysvol]\n\tpath = %s/state/sysvol\n\tread only = no\n' "$folder" >>"$folder/smb.conf"
}

# prepare_ad FOLDER ADDRESS SEED-COUNT PASSWORD-FILE: unpacks the template, writes this lab's configuration, adds sample people.
prepare_ad() {
  local folder=$1 address=$2 count=$3 password_file=$4 tarball seeded=0 cache key other
  ad_template
  ad_cache
  # Thousands of people take minutes, so they are kept as well: start from the largest collection that fits.
  key+=${unit:+-in-$unit}
  for other in "$cache/ad-$key"-people*.tar; do
    other=${other##*-people} other=${other%.tar}
    [[ -n $password_file || ! $other =~ ^[0-9]+$ ]] || ((other > count || other <= seeded)) || seeded=$other
  done
  ((seeded == 0)) || tarball=$cache/ad-$key-people$seeded.tar
  tar --sparse -C "$folder" -xf "$tarball"
  write_smb_conf "$folder/ad" "$address" "$ad_workers" "$durable" "$plain_ad"
  if ((count > seeded)); then
    seed_ad "$folder" "$seeded" "$count" "$password_file"
    [[ -n $password_file ]] || ((count < 2000)) || pack_ad "$folder" "$cache/ad-$key-people$count.tar"
  fi
  ((groups == 0)) || seed_ad_groups "$folder" "$count"
  mkdir -p "$folder/secrets"
  mv "$folder/ad/admin.password" "$folder/secrets/ad-admin.password"
  mv "$folder/ad/syncline.password" "$folder/secrets/ad-syncline.password"
}

# seed_ad FOLDER FIRST COUNT PASSWORD-FILE: sample people from number FIRST up to COUNT, written while the server is down.
seed_ad() {
  local options=(--side ad --first "$2" --count "$(($3 - $2))" --base "$ad_people")
  (($2 == 0)) || options+=(--no-units)
  [[ -z $unit ]] || options+=(--unit "$unit")
  [[ -z $4 ]] || options+=(--password-file "$4")
  "$samba_python" "$lab_parts/people" "${options[@]}" --sam "$1/ad/private/sam.ldb" --configfile "$1/ad/smb.conf" \
    >"$1/log/seed-ad.log" 2>&1 || fail "seeding the AD side failed: $(tail -3 "$1/log/seed-ad.log")"
}

# seed_ad_groups FOLDER PEOPLE: sample groups of that many sample people, written while the server is down.
seed_ad_groups() {
  "$samba_python" "$lab_parts/people" --side ad --kind groups --groups "$groups" --members "$group_members" --count "$2" \
    --base "$ad_teams" --people-base "$ad_people" ${unit:+--unit "$unit"} --sam "$1/ad/private/sam.ldb" --configfile "$1/ad/smb.conf" \
    >"$1/log/seed-ad-groups.log" 2>&1 || fail "seeding AD's groups failed: $(tail -3 "$1/log/seed-ad-groups.log")"
}

launch_ad() {
  local folder=$1
  start_server "$folder/run/ad.pid" "$folder/ad" "$folder/log/ad.log" samba -F -M prefork -s "$folder/ad/smb.conf"
}

# await_ad FOLDER ADDRESS: until a bind over LDAPS with the verified certificate is answered, for 30 seconds at most.
await_ad() {
  local folder=$1 address=$2 tries
  for ((tries = 0; tries < 600; tries++)); do
    server_alive "$folder/run/ad.pid" || fail "samba ended at once: $(tail -3 "$folder/log/ad.log" "$folder/ad/log/samba" 2>/dev/null)"
    if port_taken "$address" 636 \
      && LDAPTLS_CACERT=$folder/tls/ca.pem ldapsearch -x -LLL -H "ldaps://$address" -D "$ad_account@syncline.test" \
        -y "$folder/secrets/ad-syncline.password" -s base -b '' dsServiceName >/dev/null 2>"$folder/log/await-ad.log"; then
      rm -f "$folder/log/await-ad.log"
      return
    fi
    sleep 0.05
  done
  fail "samba did not answer within 30 s: $(tail -3 "$folder/log/await-ad.log" "$folder/ad/log/samba" 2>/dev/null)"
}
