#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs in a clean Debian under its own systemd, as root: installs the package, uses it, upgrades and purges it.
# Writes "ok NAME" or "FAIL NAME" to /result for each step, with what was printed, and powers the machine off.
set -u
exec >/result.log 2>&1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
: >/result

step() {
  local name=$1 output
  shift
  echo "== $name"
  if output=$("$@" 2>&1); then
    echo "ok $name" >>/result
  else
    { echo "FAIL $name"; echo "$output" | sed 's/^/  /'; } >>/result
  fi
  echo "$output"
}

within() { # within SECONDS COMMAND...: until the command succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || { echo "not within the time: $*"; return 1; }
    sleep 0.1
  done
}

banner() { # the greeting on port 25
  exec 5<>/dev/tcp/127.0.0.1/25 || return 1
  read -r -t 10 -u 5 line
  echo QUIT >&5
  exec 5>&-
  echo "$line"
  [[ $line == 220\ * ]]
}

send() { # send RECIPIENT: one message over SMTP; fails unless each reply is good
  local line
  exec 5<>/dev/tcp/127.0.0.1/25 || return 1
  read -r -t 10 -u 5 line
  for command in "HELO smoke.test" "MAIL FROM:<>" "RCPT TO:<$1>" DATA $'Subject: smoke\r\n\r\nhello\r\n.'; do
    printf '%s\r\n' "$command" >&5
    read -r -t 20 -u 5 line || return 1
    echo "$command -> $line"
    [[ $line == [23]* ]] || return 1
  done
  exec 5>&-
}

main_pid() { systemctl show -p MainPID --value weir; }
mta_pid() { pgrep -f 'service mta'; }
running() { systemctl is-active --quiet weir && banner >/dev/null 2>&1; }
delivered() { [ "$(find /home/alice/Maildir/new -type f 2>/dev/null | wc -l)" -ge "$1" ]; }
waiting() { weir queue list | grep -q elsewhere.test; }
replaced() { local now; [ -n "$1" ] && now=$(mta_pid) && [ -n "$now" ] && [ "$now" != "$1" ] && running; }
restarted() { local now; [ -n "$1" ] && now=$(main_pid) && [ "$now" != "$1" ] && [ "$now" != 0 ] && running; }

useradd --create-home alice

installs() { dpkg -i /debs/first.deb && getent passwd weir && [ "$(stat -c %a /var/lib/weir)" = 711 ]; }
is_up() { within 20 running && systemctl is-enabled weir && [ "$(systemctl show -p StatusText --value weir)" = "mail is being served" ]; }
step installs installs
step starts-by-itself is_up
step nobody-reads-the-network-as-root sh -c 'ps -o user= -p $(pgrep -f "service mta") | grep -qx weir'
delivers() { send alice@localhost && within 10 delivered 1 && [ "$(stat -c %U /home/alice/Maildir/new/*)" = alice ]; }
step delivers-to-a-home delivers
# As any user, with the daemon and without it.
hands_in() { su alice -c 'printf "Subject: local\n\nhello\n" | /usr/sbin/sendmail -i alice' && within 10 delivered 2 && su alice -c mailq; }
step takes-mail-of-users hands_in
drops() {
  systemctl stop weir && su alice -c 'printf "Subject: dropped\n\nhello\n" | /usr/lib/sendmail -i alice' && [ "$(ls /var/lib/weir/queue/maildrop | wc -l)" = 1 ] &&
    ! su alice -c 'ls /var/lib/weir/queue/maildrop' && systemctl start weir && within 20 delivered 3
}
step keeps-mail-of-users-while-it-is-down drops
step provides-mail-transport-agent sh -c 'dpkg -s weir | grep -q "^Provides: .*mail-transport-agent"'
refuses() { ! send nobody-of-that-name@localhost; }
step refuses-a-stranger refuses
step plugins weir plugin check /usr/lib/weir/bundled/header_checks.so
step plugin-headers sh -c 'test -s /usr/include/weir/stage.h && test -s /usr/share/weir/WeirPlugin/Stage.swift && grep -qx prefix=/usr /usr/lib/pkgconfig/weir.pc'
step man-pages sh -c 'test -s /usr/share/man/man5/weir.conf.5.gz && test -s /usr/share/man/man8/weir.8.gz'
hardened() { systemd-analyze security --no-pager weir | tail -1; systemd-analyze security --no-pager --threshold=30 weir >/dev/null; }
step hardened hardened

configure() {
  printf 'watchdog_timeout = 2s\n' >>/etc/weir/weir.conf
  printf '/^jit@/ REJECT compiled\n' >/etc/weir/recipients.pcre
  printf 'smtpd_recipient_restrictions = check_recipient_access pcre:/etc/weir/recipients.pcre\n' >>/etc/weir/weir.conf
  install -d /etc/systemd/system/weir.service.d
  printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=2\n' >/etc/systemd/system/weir.service.d/test.conf
  systemctl daemon-reload && systemctl restart weir && within 20 running
}
step restarts configure
# The mta may make machine code: a mapping that can be written and executed, or executed and has no file.
jit() { ! send jit@localhost && grep -E '^[0-9a-f-]+ (rwx|r-x). [0-9a-f]+ 00:00 0 *$' "/proc/$(mta_pid)/maps"; }
step patterns-are-compiled jit

hung_mta() { local old; old=$(mta_pid) && sleep 2 && kill -STOP "$old" && within 20 replaced "$old"; }
step replaces-a-hung-mta hung_mta
hung_supervisor() { local old; old=$(main_pid) && kill -STOP "$old" && within 40 restarted "$old"; }
step systemd-replaces-a-hung-supervisor hung_supervisor

listens() { journalctl -u weir --no-pager | grep -q 'listening on \[::\]:25'; }
# The greeting comes before systemd has heard that all is ready.
activated() {
  systemctl stop weir && ! banner 2>/dev/null && systemctl start weir.socket && ! systemctl is-active weir && banner && within 20 running &&
    within 10 listens && send alice@localhost && systemctl stop weir.socket &&
    systemctl restart weir && within 20 running
}
step socket-activation activated

upgrades() {
  send someone@elsewhere.test && within 10 waiting && cp /etc/weir/weir.conf /before && local old && old=$(main_pid) &&
    dpkg -i /debs/second.deb && within 20 restarted "$old" && cmp /before /etc/weir/weir.conf && waiting &&
    dpkg -s weir | grep -q '^Version: .*second'
}
step upgrades-and-keeps-the-queue upgrades
broken() {
  echo 'inet_interface = all' >>/etc/weir/weir.conf
  dpkg -i /debs/second.deb >/tmp/broken 2>&1 || return 1
  grep "weir.conf has errors" /tmp/broken && dpkg -s weir | grep -q '^Status: install ok installed' && banner &&
    sed -i '/^inet_interface = all/d' /etc/weir/weir.conf && dpkg -i /debs/second.deb && within 20 running
}
step an-upgrade-with-a-broken-configuration-keeps-the-old-daemon broken
removes() { dpkg -r weir && ! systemctl is-active weir && ! pgrep -f 'weir service' && test -f /etc/weir/weir.conf && test -d /var/lib/weir; }
step removes-and-keeps-what-is-ours removes
again() { dpkg -i /debs/second.deb && within 20 running && waiting; }
step installs-again-and-finds-the-queue again
purges() {
  dpkg -P weir && [ ! -e /etc/weir/weir.conf ] && [ ! -e /var/lib/weir ] && [ ! -e /usr/lib/weir ] && [ ! -e /lib/systemd/system/weir.service ] &&
    [ ! -e /etc/systemd/system/multi-user.target.wants/weir.service ] && delivered 2
}
step purges purges
journalctl -u weir --no-pager | tail -60
systemctl poweroff 2>/dev/null
