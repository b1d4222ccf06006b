#!/usr/bin/env bash
# authorities.sh FOLDER: writes each of certifi's root certificates into its own file in
# FOLDER/certifi/hashed, named by the hash of its subject (openssl-rehash(1)). A TLS context then reads
# only the root that it needs, instead of all of them at every cold start
# (docs/decisions/one-tls-context.md). Without openssl, this does nothing, and all roots are read.
set -euo pipefail
command -v openssl >/dev/null || exit 0
hashed=$1/certifi/hashed
mkdir -p "$hashed"
awk -v folder="$hashed" '
  /-----BEGIN CERTIFICATE-----/ { file = sprintf("%s/root-%03d.pem", folder, ++count) }
  file != "" { print > file }
  /-----END CERTIFICATE-----/ { close(file); file = "" }
' "$1/certifi/cacert.pem"
if openssl rehash "$hashed" 2>/dev/null; then # makes links, in whose place the files go
  for link in "$hashed"/*.[0-9]*; do mv "$hashed/$(readlink "$link")" "$link"; done
  exit
fi
for root in "$hashed"/root-*; do # LibreSSL: one process for each root
  name=$(openssl x509 -subject_hash -noout -in "$root")
  number=0
  while [ -e "$hashed/$name.$number" ]; do number=$((number + 1)); done
  mv "$root" "$hashed/$name.$number"
done
