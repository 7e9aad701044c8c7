#!/bin/sh
# manage.py of an installation made by install.sh, which names it tracker-manage: as its user and with its settings;
# --owner with the rights of the owner of the tables, for migrate and restore.
#
#     sudo tracker-manage createsuperuser
#     sudo tracker-manage --owner migrate
set -eu
folder=${TRACKER_SETTINGS:-/etc/tracker}
home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
set -a
. "$folder/service.env"
if [ "${1:-}" = --owner ]; then
    shift
    . "$folder/owner.env"
fi
set +a
cd "$home"
if [ "$(id -u)" = 0 ] && id tracker >/dev/null 2>&1; then
    exec runuser -u tracker -- "${PYTHON:-$home/.venv/bin/python}" manage.py "$@"
fi
exec "${PYTHON:-$home/.venv/bin/python}" manage.py "$@"
