# shellcheck shell=bash
# A certificate authority for one lab, and one certificate for each of its servers.

# make_certificates FOLDER ADDRESS: writes ca.pem, and for ad, ldap and the gateway a .crt and a .key. The certificates name the address as
# an IP entry and the servers' host names as DNS entries, so that verification works by either.
make_certificates() {
  local folder=$1 address=$2 server names
  mkdir -p "$folder"
  (
    cd "$folder" || exit
    umask 077
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Syncline lab CA" \
      -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out ca.pem
    for server in ad ldap gateway; do
      names="IP:$address,IP:127.0.0.1,DNS:localhost"
      if [[ $server == ad ]]; then names+=",DNS:dc1.syncline.test,DNS:syncline.test"; else names+=",DNS:$server.syncline.test"; fi
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$server.syncline.test" \
        -keyout "$server.key" -out "$server.csr"
      printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n' \
        "$names" >"$server.ext"
      openssl x509 -req -in "$server.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile "$server.ext" -out "$server.crt"
      rm -f "$server.csr" "$server.ext"
    done
    chmod 0644 ca.pem ad.crt ldap.crt gateway.crt
  ) 2>"$folder/openssl.log" || fail "openssl could not make the certificates: $(tail -1 "$folder/openssl.log")"
  rm -f "$folder/openssl.log"
  chmod 0755 "$folder"
}
