#!/bin/sh
# Start a program that reads secrets from variables, where they stand in files: NAME_FILE=/run/secrets/… becomes NAME with the
# file's content. So `docker inspect` shows the file's name alone. A variable that has a value keeps it.
#
# Usage: with_secrets.sh PROGRAM [ARGUMENT…]
set -eu
folder=${SECRETS_FOLDER:-/run/secrets}

for name in $(env | sed -n "s|^\([A-Z][A-Z0-9_]*\)_FILE=$folder/.*|\1|p"); do
    eval "value=\${$name:-} file=\$${name}_FILE"
    if [ -z "$value" ]; then
        [ -r "$file" ] || {
            echo "with_secrets.sh: ${name}_FILE: $file cannot be read." >&2
            exit 2
        }
        export "$name=$(cat "$file")"
    fi
    unset "${name}_FILE"
done
exec "$@"
