#!/bin/sh
# Start Alertmanager with the receivers that ALERT_* variables name. Needs nothing but busybox.
#
#   ALERT_WEBHOOK_URL                           a program that takes Alertmanager's JSON
#   ALERT_SLACK_URL, ALERT_SLACK_CHANNEL        a Slack webhook, and another channel than its own
#   ALERT_EMAIL_TO, ALERT_EMAIL_FROM            addresses
#   ALERT_SMTP_HOST                             mail server, as name:port
#   ALERT_SMTP_USERNAME, ALERT_SMTP_PASSWORD    its login, where it has one
#   ALERT_SMTP_TLS                              false for a mail server without TLS
#
# ..._URL and ..._PASSWORD may come from a file: ALERT_SLACK_URL_FILE=/run/secrets/slack. Without any of them alerts show
# on Alertmanager's page only.
#
# Usage: alertmanager.sh [--render] [alertmanager's own arguments]
#   --render: print the configuration (secrets and all), start nothing
set -eu
umask 077

folder=$(dirname "$0")

fail() {
    echo "alertmanager.sh: $1" >&2
    exit 2
}

# The value of variable $1, or of the file that $1_FILE names.
value_of() {
    eval "value=\${$1:-} file=\${$1_FILE:-}"
    if [ -z "$value" ] && [ -n "$file" ]; then
        [ -r "$file" ] || fail "$1_FILE: $file cannot be read."
        value=$(cat "$file")
    fi
    case $value in
    *"
"*) fail "$1 has several lines." ;;
    esac
    printf %s "$value"
}

# $1 as a YAML string.
quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"
}

# A line "$2: $3", indented by $1; nothing without a value.
entry() {
    if [ -n "$3" ]; then
        printf "%s%s: %s\n" "$1" "$2" "$(quoted "$3")"
    fi
}

render() {
    webhook=$(value_of ALERT_WEBHOOK_URL)
    slack=$(value_of ALERT_SLACK_URL)
    email=$(value_of ALERT_EMAIL_TO)
    host=$(value_of ALERT_SMTP_HOST)
    sender=$(value_of ALERT_EMAIL_FROM)
    password=$(value_of ALERT_SMTP_PASSWORD)
    cat "$folder/alertmanager.yml"
    if [ -n "$webhook" ]; then
        echo "    webhook_configs:"
        entry "      - " url "$webhook"
        echo "        send_resolved: true"
    fi
    if [ -n "$slack" ]; then
        echo "    slack_configs:"
        entry "      - " api_url "$slack"
        entry "        " channel "${ALERT_SLACK_CHANNEL:-}"
        echo "        send_resolved: true"
        echo "        title: '{{ template \"opinionlens.title\" . }}'"
        echo "        text: '{{ template \"opinionlens.text\" . }}'"
    fi
    if [ -n "$email" ]; then
        [ -n "$host" ] || fail "ALERT_EMAIL_TO needs ALERT_SMTP_HOST, as name:port."
        [ -n "$sender" ] || fail "ALERT_EMAIL_TO needs ALERT_EMAIL_FROM."
        echo "    email_configs:"
        entry "      - " to "$email"
        entry "        " from "$sender"
        entry "        " smarthost "$host"
        entry "        " auth_username "${ALERT_SMTP_USERNAME:-}"
        entry "        " auth_password "$password"
        echo "        require_tls: ${ALERT_SMTP_TLS:-true}"
        echo "        send_resolved: true"
        echo "        headers:"
        echo "          Subject: '{{ template \"opinionlens.title\" . }}'"
        echo "        html: ''"
        echo "        text: '{{ template \"opinionlens.text\" . }}'"
    fi
}

if [ "${1:-}" = --render ]; then
    render
    exit
fi
configuration=${TMPDIR:-/tmp}/alertmanager.yml
render >"$configuration"
exec alertmanager "--config.file=$configuration" "$@"
