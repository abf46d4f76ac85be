# shellcheck shell=bash disable=SC2154 # tools/lab sets the options, and other parts the addresses
# An OpenLDAP server with a configuration and databases of its own, out of one folder.
#
# Modes: full has the overlays that production has; no-accesslog leaves the access log out; plain leaves syncprov out as well, so
# that nothing but polling shows changes.

ldap_base=dc=syncline,dc=test
ldap_people=ou=people,$ldap_base
ldap_teams=ou=teams,$ldap_base
ldap_admin=cn=admin,$ldap_base
ldap_account=cn=syncline,$ldap_base
ldap_port=3389
ldaps_port=3636
grant_ldap=$repository/conf/openldap/grant

# The server runs as Debian's user for it, if that user can get at the folder.
ldap_user() {
  if id openldap >/dev/null 2>&1 && setpriv --reuid openldap --regid openldap --clear-groups test -x "$1/ldap"; then
    echo openldap
  fi
}

# ldapi_uri FOLDER: the server's socket, at which root is the configuration's administrator.
ldapi_uri() {
  local path=$1/ldap/ldapi
  printf 'ldapi://%s' "${path//\//%2F}"
}

ldap_uris() {
  printf 'ldap://%s:%s/ ldaps://%s:%s/ %s/' "$2" "$ldap_port" "$2" "$ldaps_port" "$(ldapi_uri "$1")"
}

write_slapd_config() {
  local folder=$1 nosync='' hash
  [[ -n $durable ]] || nosync=$'\nolcDbNoSync: TRUE'
  hash=$(slappasswd -n -T "$folder/secrets/ldap-admin.password" -h '{SSHA}')
  cat <<END
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: $folder/ldap/slapd.pid
olcTLSCACertificateFile: $folder/tls/ca.pem
olcTLSCertificateFile: $folder/tls/ldap.crt
olcTLSCertificateKeyFile: $folder/ldap/ldap.key
olcSizeLimit: 500

dn: cn=module,cn=config
objectClass: olcModuleList
cn: module
olcModulePath: /usr/lib/ldap
$(printf 'olcModuleLoad: %s\n' back_mdb syncprov accesslog memberof refint ppolicy)

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/nis.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase={-1}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {-1}frontend
olcAccess: to dn.base="" by * read
olcAccess: to dn.base="cn=subschema" by * read

dn: olcDatabase={0}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {0}config
olcAccess: to * by dn.exact=gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth manage by * break

dn: olcDatabase={1}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {1}mdb
olcDbDirectory: $folder/ldap/data
olcDbMaxSize: 17179869184
olcSuffix: $ldap_base
olcRootDN: $ldap_admin
olcRootPW: $hash
olcDbIndex: objectClass,entryUUID,entryCSN,uid,cn,mail,member,memberOf,uniqueMember,memberUid,manager,owner,seeAlso,secretary,modifyTimestamp,employeeNumber,ou eq
olcAccess: to attrs=userPassword by self =xw by anonymous auth by * none
olcAccess: to * by self read by users read by anonymous auth$nosync

dn: olcOverlay=memberof,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOf
olcOverlay: memberof
olcMemberOfGroupOC: groupOfNames
olcMemberOfMemberAD: member
olcMemberOfMemberOfAD: memberOf

dn: olcOverlay=refint,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcRefintConfig
olcOverlay: refint
$(printf 'olcRefintAttribute: %s\n' member uniqueMember manager seeAlso owner secretary)

dn: olcOverlay=ppolicy,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: ppolicy
olcPPolicyDefault: cn=default,ou=policies,$ldap_base
olcPPolicyHashCleartext: TRUE

END
  [[ $ldap_mode == plain ]] || cat <<END
dn: olcOverlay=syncprov,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcOverlay: syncprov
olcSpCheckpoint: 100 1
olcSpSessionlog: 10000

END
  [[ $ldap_mode == full ]] || return 0
  cat <<END
dn: olcDatabase={2}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {2}mdb
olcDbDirectory: $folder/ldap/log
olcDbMaxSize: 17179869184
olcSuffix: cn=accesslog
olcRootDN: $ldap_admin
olcDbIndex: objectClass,entryCSN,reqStart,reqEnd,reqResult,reqDN,reqEntryUUID eq$nosync

dn: olcOverlay=syncprov,olcDatabase={2}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcOverlay: syncprov
olcSpNoPresent: TRUE
olcSpReloadHint: TRUE

dn: olcOverlay=accesslog,olcDatabase={1}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcAccessLogConfig
olcOverlay: accesslog
olcAccessLogDB: cn=accesslog
olcAccessLogOps: writes
olcAccessLogSuccess: TRUE
olcAccessLogOld: (objectClass=*)
olcAccessLogPurge: 07+00:00 01+00:00

END
}

# write_first_entries FOLDER: the tree that a production directory has before anyone is in it.
write_first_entries() {
  local hash
  hash=$(slappasswd -n -T "$1/secrets/ldap-syncline.password" -h '{SSHA}')
  cat <<END
dn: $ldap_base
objectClass: dcObject
objectClass: organization
dc: syncline
o: Syncline

dn: $ldap_people
objectClass: organizationalUnit
ou: people

dn: $ldap_teams
objectClass: organizationalUnit
ou: teams

dn: ou=policies,$ldap_base
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,$ldap_base
objectClass: applicationProcess
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE

dn: $ldap_account
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: syncline
description: Syncline's service account
userPassword: $hash

END
}

# prepare_ldap FOLDER SEED-COUNT PASSWORD-FILE: configuration, first entries and sample people, loaded while the server is down.
prepare_ldap() {
  local folder=$1 count=$2 password_file=$3 user
  mkdir -p "$folder/ldap"/{data,log,slapd.d} "$folder/secrets"
  (
    umask 077
    random_password >"$folder/secrets/ldap-admin.password"
    random_password >"$folder/secrets/ldap-syncline.password"
    cp "$folder/tls/ldap.key" "$folder/ldap/ldap.key"
  )
  write_slapd_config "$folder" >"$folder/ldap/config.ldif"
  slapadd -n 0 -F "$folder/ldap/slapd.d" -l "$folder/ldap/config.ldif" >"$folder/log/slapadd.log" 2>&1 \
    || fail "slapd's configuration was refused: $(tail -3 "$folder/log/slapadd.log")"
  {
    write_first_entries "$folder"
    ((count == 0)) || "$samba_python" "$lab_parts/people" --side ldap --count "$count" --base "$ldap_people" \
      --groups "$groups_ldap" --members "$group_members" --groups-base "$ldap_teams" ${unit:+--unit "$unit"} ${password_file:+--password-file "$password_file"}
    ((groups_ldap == 0)) || "$samba_python" "$lab_parts/people" --side ldap --kind groups --groups "$groups_ldap" \
      --members "$group_members" --count "$count" --base "$ldap_teams" --people-base "$ldap_people" ${unit:+--unit "$unit"}
  } | slapadd -q -w -S 0 -F "$folder/ldap/slapd.d" -b "$ldap_base" >"$folder/log/slapadd.log" 2>&1 \
    || fail "slapadd failed: $(tail -3 "$folder/log/slapadd.log")"
  user=$(ldap_user "$folder")
  [[ -z $user ]] || chown -R "$user:" "$folder/ldap"
}

launch_ldap() {
  local folder=$1 address=$2 user
  user=$(ldap_user "$folder")
  start_server "$folder/run/ldap.pid" "$folder/ldap" "$folder/log/ldap.log" \
    slapd -d 0 ${user:+-u "$user" -g "$user"} -F "$folder/ldap/slapd.d" -h "$(ldap_uris "$folder" "$address")"
}

await_ldap() {
  local folder=$1 address=$2 tries
  for ((tries = 0; tries < 600; tries++)); do
    server_alive "$folder/run/ldap.pid" || fail "slapd ended at once: $(tail -3 "$folder/log/ldap.log")"
    ! port_taken "$address" "$ldaps_port" || return 0
    sleep 0.05
  done
  fail "slapd did not answer within 30 s: $(tail -3 "$folder/log/ldap.log")"
}

# grant_ldap_rights FOLDER: the recipe that production's admins use, by the way that they use it.
grant_ldap_rights() {
  local folder=$1 options=(--account "$ldap_account" --suffix "$ldap_base" --base "$ldap_people" --base "$ldap_teams" --config-read)
  [[ $ldap_mode != full ]] || options+=(--log 'olcDatabase={2}mdb,cn=config')
  "$grant_ldap" "${options[@]}" \
    | ldapmodify -Q -Y EXTERNAL -H "$(ldapi_uri "$folder")" >"$folder/log/grant-ldap.log" 2>&1 \
    || fail "conf/openldap/grant failed: $(tail -3 "$folder/log/grant-ldap.log")"
}
