#!/bin/sh
# Installs the service as plain processes under systemd, on Debian, from the checkout that this script lies in:
#
#     sudo docs/operations/install.sh scorecard.example.org
#
# It makes the user, the folders, the database with its two roles, the settings with fresh secrets, and the units with
# their timers, and /usr/local/bin/tracker-manage. It may be run again: what is there stays, but for code and units. DESTDIR=/some/folder only writes the
# files there and asks nobody for anything.
set -eu

site=${1:?name the host that readers use, for instance scorecard.example.org}
here=$(cd "$(dirname "$0")/../.." && pwd)
root=${DESTDIR:-}
home=/srv/tracker
settings=$root/etc/tracker/service.env
owner=$root/etc/tracker/owner.env

secret() { head -c 60 /dev/urandom | base64 | tr -d '+/=\n'; }
as_postgres() { runuser -u postgres -- psql -v ON_ERROR_STOP=1 -qAt "$@"; }

say() { echo "$*"; }

users_and_folders() {
    if [ -z "$root" ]; then
        id tracker >/dev/null 2>&1 || useradd --system --home-dir /var/lib/tracker --shell /usr/sbin/nologin tracker
    fi
    install -d -m 0755 "$root$home"
    install -d -m 0750 "$root/etc/tracker" "$root/var/lib/tracker" "$root/var/lib/tracker/static"
    install -d -m 0700 "$root/var/backups/tracker"
    if [ -z "$root" ]; then
        chgrp tracker /etc/tracker
        chown tracker:tracker /var/lib/tracker /var/lib/tracker/static /var/backups/tracker
    fi
}

code() {
    [ "$here" = "$root$home" ] && return
    tar -C "$here" --exclude=./.git --exclude=./.local --exclude=./.venv -cf - . | tar -C "$root$home" -xf -
}

write_settings() {
    umask 0137
    if [ ! -e "$settings" ]; then
        cat >"$settings" <<END
SECRET_KEY=$(secret)
SITE_URL=https://$site
# Where readers reach whoever runs this copy; name yourself in OPERATOR.
CONTACT=${CONTACT:-postmaster@$site}
ALLOWED_HOSTS=$site
TRUSTED_PROXIES=1
DATABASE_URL=postgres://tracker_app@127.0.0.1:5432/tracker
DATABASE_PASSWORD=$(secret)
REDIS_URL=redis://127.0.0.1:6379/0
LOCAL_FOLDER=/var/lib/tracker
STATIC_ROOT=/var/lib/tracker/static
METRICS_TOKEN=$(secret)
# Fill these in: who is told that a feed fails, and how mail goes out.
#ADMINS=editor@$site
#EMAIL_URL=smtp+tls://user:password@mail.example.org:587
#FROM_EMAIL=scorecard@$site
END
    fi
    # The owner of the tables migrates and restores; the service itself never learns this password.
    if [ ! -e "$owner" ]; then
        cat >"$owner" <<END
DATABASE_URL=postgres://tracker@127.0.0.1:5432/tracker
DATABASE_PASSWORD=$(secret)
APP_ROLE=tracker_app
APP_DATABASE_PASSWORD=$(sed -n 's/^DATABASE_PASSWORD=//p' "$settings")
END
    fi
    chmod 0640 "$settings"
    chmod 0600 "$owner"
    [ -n "$root" ] || chgrp tracker "$settings"
    umask 0022
}

command() {
    install -d "$root/usr/local/bin"
    ln -sf "$home/docs/operations/manage.sh" "$root/usr/local/bin/tracker-manage"
}

units() {
    install -d "$root/etc/systemd/system"
    install -m 0644 "$here"/docs/operations/tracker-*.service "$here"/docs/operations/tracker-*.timer \
        "$root/etc/systemd/system"
}

database() {
    as_postgres -c "SELECT 1 FROM pg_roles WHERE rolname = 'tracker'" | grep -q 1 || as_postgres -c "CREATE ROLE tracker LOGIN CREATEROLE"
    password=$(sed -n 's/^DATABASE_PASSWORD=//p' "$owner")
    as_postgres -c "ALTER ROLE tracker PASSWORD '$password'"
    as_postgres -c "SELECT 1 FROM pg_database WHERE datname = 'tracker'" | grep -q 1 || as_postgres -c "CREATE DATABASE tracker OWNER tracker TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
}

start() {
    make -C "$home" -s .venv/base.ready
    "$home/docs/operations/manage.sh" --owner migrate --noinput
    "$home/docs/operations/manage.sh" seed
    "$home/docs/operations/manage.sh" collectstatic --noinput -v0
    systemctl daemon-reload
    systemctl enable --now tracker-web tracker-worker@one tracker-beat tracker-backup.timer tracker-check.timer
    systemctl restart tracker-web tracker-worker@one tracker-beat
}

users_and_folders
code
write_settings
command
units
if [ -n "$root" ]; then
    say "written to $root"
    exit
fi
database
start
say "The service runs on 127.0.0.1:8000. Put a proxy in front (docs/operations/Caddyfile) and make an account:"
say "    sudo tracker-manage createsuperuser"
