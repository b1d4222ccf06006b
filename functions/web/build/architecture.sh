#!/usr/bin/env bash
# architecture.sh ARTIFACTS_DIR: prints the processor type that the SAM CLI builds this function for.
#
# The SAM CLI does not pass it to makefiles. But before it builds, it writes build.toml with the path
# of every function in the build folder, including those of nested applications.
set -euo pipefail
folder="$1" name=""
while [ "$folder" != / ] && [ ! -f "$folder/build.toml" ]; do
  name="${folder##*/}${name:+/$name}"
  folder=$(dirname "$folder")
done
if [ -f "$folder/build.toml" ]; then
  # The artifacts are in build/Name, the file is beside build/.
  awk -v wanted="\"${name#*/}\"" '
    /^architecture = / { architecture = $3 }
    /^functions = / && index($0, wanted) { gsub(/"/, "", architecture); print architecture; found = 1 }
    END { exit !found }' "$folder/build.toml" && exit
fi
echo "No build.toml names the processor: build the whole template, or set ARCHITECTURE." >&2
exit 1
