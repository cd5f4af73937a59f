# SPDX-License-Identifier: Apache-2.0
# Weir as a peer of the harness (see bench/README.md): conf, start and stop, called by its `peer` script inside the
# peer's mount namespace and cgroup. Variants: virtual (all mailboxes belong to weir), system (each to its user), idle,
# restricted (virtual, with a second listener on the next port that has ten restrictions and five access tables),
# staged (virtual, with a second listener on the next port whose mail goes through ten stages written in C), checked-regexp, checked-pcre (virtual, with a
# second listener on the next port whose mail goes through the rules of scenario C), manychecked-regexp, manychecked-pcre (5,000 rules for headers).
weir=/usr/lib/weir/weir

conf() {
  inns mkdir -p /etc/weir
  inns sh -c 'grep -q "^weir:" /etc/passwd || { echo "weir:x:5300:5300::/nonexistent:/bin/sh" >> /etc/passwd; echo "weir:x:5300:" >> /etc/group; }'
  mkdir -p "$HOMES/vmail" "$P/data"
  chown 5300:5300 "$P/data" "$HOMES/vmail"
  case ,$variant, in
    *,relay*,*) users="mydestination =
smtp_dns_support_level = disabled
smtp_host_lookup = native
inet_protocols = ipv4
smtp_tcp_port = $SINK_PORT
smtp_connection_cache_on_demand = $(case ,$variant, in *,relaycached,*) echo yes ;; *) echo no ;; esac)"
      # Wherever mail goes, it is the sink.
      inns sh -c 'grep -q sink.test /etc/hosts || echo "127.0.0.1 sink.test" >> /etc/hosts' ;;
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

# 10,000 entries in each table, of which none is about the load: every table is asked, for every key, to its end.
restrict() {
  local number
  for number in $(seq 10000); do
    echo "client$number.example REJECT" >&3
    echo "10.$((number / 256)).$((number % 256)).0/24 REJECT" >&4
    echo "sender$number@other.example REJECT" >&5
    echo "user$number@$DOMAIN OK" >&6
  done 3>"$P/data/clients" 4>"$P/data/networks" 5>"$P/data/senders" 6>"$P/data/recipients"
  for number in $(seq 20); do echo "/^spam$number\\..*\\.example\$/ REJECT"; done >"$P/data/helo"
  chown -R 0:0 "$P"/data/{clients,networks,senders,recipients,helo}
  inns tee -a /etc/weir/weir.conf >/dev/null <<C
listener restricted {
  address = 127.0.0.1
  port = $(($(port_of weir) + 1))
  smtpd_client_restrictions = check_client_access hash:$P/data/clients, check_client_access cidr:$P/data/networks
  smtpd_helo_restrictions = reject_invalid_helo_hostname, check_helo_access pcre:$P/data/helo
  smtpd_sender_restrictions = reject_non_fqdn_sender, check_sender_access hash:$P/data/senders
  smtpd_recipient_restrictions = reject_non_fqdn_recipient, check_recipient_access hash:$P/data/recipients, reject_unauth_pipelining, reject_unauth_destination
}
C
}

# Each looks at every field of the header, and finds nothing.
stage() {
  local number
  install -D -m 644 "$WEIR_ROOT/.build/plugins/lottery_c.so" "$P/plugins/lottery.so"
  inns tee -a /etc/weir/weir.conf >/dev/null <<C
listener staged {
  address = 127.0.0.1
  port = $(($(port_of weir) + 1))
}
C
  for number in $(seq ${STAGES:-10}); do
    inns tee -a /etc/weir/weir.conf >/dev/null <<C
stage lottery$number {
  plugin = $P/plugins/lottery.so
  component = lottery
  mode = inprocess
  listener = staged
  word = lottery$number
}
C
  done
}

# The rules of scenario C, or a great many; none matches.
check() {
  local number rules="$P/data/rules"
  mkdir -p "$rules" "$P/plugins"
  "$BENCH/genrules.py" "$rules"
  case ,$variant, in *,manychecked,*)
    for number in $(seq 50); do sed "s/\\[0-9\\]\\*/$number&/" "$rules/header_checks"; done >"$rules/many"
    mv "$rules/many" "$rules/header_checks" ;;
  esac
  chown -R 0:0 "$rules"
  install -m 644 "$(dirname "${WEIR_BIN:-$WEIR_ROOT/.build/release/weir}")"/bundled/{header,body}_checks.so "$P/plugins/"
  inns tee -a /etc/weir/weir.conf >/dev/null <<C
listener checked {
  address = 127.0.0.1
  port = $(($(port_of weir) + 1))
}
stage header_checks {
  plugin = $P/plugins/header_checks.so
  mode = inprocess
  listener = checked
  header_checks = $engine:$rules/header_checks
  mime_header_checks = $engine:$rules/mime_checks
}
stage body_checks {
  plugin = $P/plugins/body_checks.so
  mode = inprocess
  listener = checked
  body_checks = $engine:$rules/body_checks
}
C
}

start() {
  case $variant in *checked-*) engine=${variant##*-} && check ;; esac
  case ,$variant, in *,staged,*) stage ;; esac
  case ,$variant, in *,restricted,*) restrict ;; esac
  ulimit -n "$(ulimit -H -n)"
  cgin sh -c 'echo $$ > "$1/weir.pid"; exec '$weir' run --config /etc/weir/weir.conf' _ "$P" >"$P/log/weir.log" 2>&1 </dev/null &
}

stop() { kill "$(cat "$P/weir.pid")" 2>/dev/null; sleep 0.5; }
