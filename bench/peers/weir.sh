# SPDX-License-Identifier: Apache-2.0
# Weir as a peer of the harness (see bench/README.md): conf, start and stop, called by its `peer` script inside the
# peer's mount namespace and cgroup. Variants: virtual (all mailboxes belong to weir), system (each to its user), idle.
weir=/usr/lib/weir/weir

conf() {
  inns mkdir -p /etc/weir
  inns sh -c 'grep -q "^weir:" /etc/passwd || { echo "weir:x:5300:5300::/nonexistent:/bin/sh" >> /etc/passwd; echo "weir:x:5300:" >> /etc/group; }'
  mkdir -p "$HOMES/vmail" "$P/data"
  chown 5300:5300 "$P/data" "$HOMES/vmail"
  case ,$variant, in
    *,system,*) users="mydestination = $DOMAIN
home_mailbox = Maildir/" ;;
    *) users="mydestination =
virtual_mailbox_domains = $DOMAIN
virtual_mailbox_base = $HOMES/vmail
virtual_mailbox_maps = inline:{ bench1@$DOMAIN = bench1/Maildir/ }" ;;
  esac
  inns tee /etc/weir/weir.conf >/dev/null <<C
myhostname = mx.bench.test
mynetworks = 127.0.0.0/8
data_directory = $P/data
mail_owner = weir
$users
listener smtp {
  address = 127.0.0.1
  port = $(port_of weir)
}
C
}

start() {
  ulimit -n "$(ulimit -H -n)"
  cgin sh -c 'echo $$ > "$1/weir.pid"; exec '$weir' run --config /etc/weir/weir.conf' _ "$P" >"$P/log/weir.log" 2>&1 </dev/null &
}

stop() { kill "$(cat "$P/weir.pid")" 2>/dev/null; sleep 0.5; }
