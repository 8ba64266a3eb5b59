#!/bin/sh
# Installs the agent where there is no dpkg: ./install.sh, as root, in the unpacked folder. Again: an upgrade, which keeps
# identity and configuration. ./install.sh --remove takes the program away, --purge also identity, data and users.
set -eu
# What is installed here is read by the users of the services, whatever umask root has, and had when this was unpacked.
umask 022
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo 'INSTALL_NOT_ROOT: users and a service are made: run this as root' >&2; exit 1; }
on_systemd() { [ -d /run/systemd/system ]; }
user() {
  getent passwd "$1" > /dev/null && return
  useradd --system --user-group --no-create-home --home-dir "/var/lib/$1" --shell /usr/sbin/nologin "$1"
}
remove() {
  if on_systemd; then systemctl disable --now casare-agent-workers.service casare-agent.service || true; fi
  sh usr/lib/casare-agent/end-processes
  rm -rf /usr/lib/casare-agent /usr/share/casare-agent /usr/share/doc/casare-agent /usr/bin/casare-agent
  rm -f /etc/systemd/system/casare-agent.service /etc/systemd/system/casare-agent-workers.service /usr/lib/sysusers.d/casare-agent.conf /usr/lib/tmpfiles.d/casare-agent.conf
  if on_systemd; then systemctl daemon-reload; fi
}
case "${1-}" in
  --remove) remove; exit 0 ;;
  --purge)
    remove
    rm -rf /var/lib/casare-agent /var/lib/casare-worker /var/lib/casare-workers
    rm -f /etc/casare/agent.yaml /etc/casare/join-token
    rmdir /etc/casare 2> /dev/null || true
    for name in casare-agent casare-worker; do
      if getent passwd "$name" > /dev/null; then userdel "$name"; fi
    done
    exit 0
    ;;
  '') chmod -R u=rwX,go=rX usr lib ;;
  *) echo 'INSTALL_USAGE: ./install.sh [--remove | --purge]' >&2; exit 2 ;;
esac
user casare-agent
user casare-worker
usermod --append --groups casare-worker casare-agent
# The program is replaced as a whole: nothing of an earlier version stays.
rm -rf /usr/lib/casare-agent.new /usr/lib/casare-agent.old
cp -R usr/lib/casare-agent /usr/lib/casare-agent.new
if [ -e /usr/lib/casare-agent ]; then mv /usr/lib/casare-agent /usr/lib/casare-agent.old; fi
mv /usr/lib/casare-agent.new /usr/lib/casare-agent
rm -rf /usr/lib/casare-agent.old
mkdir -p /usr/share/casare-agent /usr/share/doc /usr/lib/sysusers.d /usr/lib/tmpfiles.d /etc/systemd/system /etc/casare
cp -R usr/share/casare-agent usr/share/doc /usr/share/
cp usr/bin/casare-agent /usr/bin/casare-agent
cp usr/lib/sysusers.d/casare-agent.conf /usr/lib/sysusers.d/
cp usr/lib/tmpfiles.d/casare-agent.conf /usr/lib/tmpfiles.d/
cp lib/systemd/system/*.service /etc/systemd/system/
if [ ! -e /etc/casare/agent.yaml ]; then cp usr/share/casare-agent/agent.yaml /etc/casare/agent.yaml; fi
for name in casare-agent casare-worker; do
  install -d -m 0700 -o "$name" -g "$name" "/var/lib/$name"
done
install -d -m 2750 -o casare-agent -g casare-worker /var/lib/casare-workers
if on_systemd; then
  systemctl daemon-reload
  systemctl enable casare-agent.service casare-agent-workers.service
  systemctl restart casare-agent.service casare-agent-workers.service
else
  echo 'installed; there is no systemd here: start what both units say by what you have'
fi
