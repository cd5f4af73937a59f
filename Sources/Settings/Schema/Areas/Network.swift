// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let network = Area(
    "Network", "Where Weir listens, and whom it trusts.",
    [
      Keys.inetInterfaces, Keys.inetProtocols, Keys.mynetworks, Keys.mynetworksStyle, Keys.resolver, Keys.resolverRootServers, Keys.resolverDnssec,
      Keys.resolverTrustAnchorFile,
    ])

  static let listener = Area(
    "Listeners",
    """
    A block `listener NAME { }` opens a port. In it may stand the settings of this section, and any setting that is marked “also in a listener”: \
    it then counts for that listener alone, as `-o` does in Postfix's master.cf. Without any such block there is one listener, `smtp`, on port 25.
    """, [Keys.listenerAddress, Keys.listenerPort, Keys.listenerProtocol, Keys.listenerBacklog, Keys.listenerMode])
}

/// How far trust goes by default.
package enum MynetworksStyle: String, CaseIterable, Sendable { case host, subnet, `class` }

/// Whether answers are proved.
package enum ResolverDNSSEC: String, CaseIterable, Sendable { case auto, no, yes }

/// The language that a listener speaks.
package enum ListenerProtocol: String, CaseIterable, Sendable { case smtp, lmtp }

extension Keys {
  package static let inetInterfaces = Key.interfaces(
    "inet_interfaces", "all", example: "loopback-only",
    """
    The addresses to listen on: `all`, `loopback-only` (this machine only), addresses, or host names. A listener with an `address` of its own \
    does not follow it.
    """)

  package static let inetProtocols = Key.choices(
    "inet_protocols", "all", of: ["all", "ipv4", "ipv6"], example: "ipv4", "The protocols to listen on and to connect with.")

  package static let mynetworks = Key.networks(
    "mynetworks", "127.0.0.0/8 [::1]/128", .anywhere, example: "127.0.0.0/8, 192.168.0.0/24, [2001:db8::]/32",
    """
    The clients that may send mail to anywhere through this server. Elements are addresses, networks (`10.0.0.0/8`; IPv6 in brackets), \
    files that hold more of them (`/etc/weir/networks`) and tables; `!` before an element excludes it, and the first that matches decides. \
    The default is what mynetworks_style makes of this machine's addresses.
    """)

  package static let mynetworksStyle = Key.choice(
    "mynetworks_style", MynetworksStyle.host, .anywhere, example: "subnet",
    """
    What mynetworks is if it is not set, besides this machine itself (127.0.0.0/8, [::1]): `host`, the addresses of this machine in inet_interfaces; \
    `subnet`, the networks of those addresses; `class`, the networks of classes A, B and C around them, which may be your whole provider.
    """)

  package static let resolver = Key.nameServers(
    "resolver", "", .weir, example: "192.0.2.53, 127.0.0.1@5353",
    """
    The name servers to ask: addresses, each with `@port` where it is not 53, in the order in which they are asked; the next one is asked when \
    one fails or does not answer. Empty: those of /etc/resolv.conf, which is followed when it changes. `recursive`: none, the servers of each \
    zone are asked from the root on. Answers are kept as long as they hold. /etc/hosts comes first for addresses and their names; \
    `search` and `ndots` of resolv.conf have no effect, because names in mail are complete.
    """)

  package static let resolverRootServers = Key.nameServers(
    "resolver_root_servers", "", .weir, example: "192.0.2.1, 192.0.2.2",
    "Who serves the root, for `resolver = recursive` in a network with a root of its own. Empty: those of the Internet.")

  package static let resolverDnssec = Key.choice(
    "resolver_dnssec", ResolverDNSSEC.auto, .weir, example: "yes",
    """
    Whether answers are proved by DNSSEC. `yes`: an answer that should have a proof and has none, or a wrong one, is a failure for now. `auto`: so it is where \
    the name server passes proofs on, which it is asked at the start; else answers are taken as they come, as with `no`, and count as unproved. Names in `test`, \
    `local`, `lan`, `home.arpa` and the like, which the root does not know, need no proof.
    """)

  package static let resolverTrustAnchorFile = Key.path(
    "resolver_trust_anchor_file", "", .weir, example: "/etc/weir/root.key",
    """
    The keys of the root, from which proofs begin: DS or DNSKEY records, one a line. Empty: /var/lib/unbound/root.key, which unbound-anchor keeps, or else \
    /usr/share/dns/root.key of Debian's dns-root-data; without either nothing is proved.
    """)

  package static let listenerAddress = Key.interfaces(
    "address", "$inet_interfaces", .listener, example: "127.0.0.1 ::1",
    "Where this listener waits: as in inet_interfaces, or `unix:/path` for a socket in the file system.")

  package static let listenerPort = Key.port(
    "port", "25", .listener, example: "587", "The TCP port, by number or by name (smtp, submissions, lmtp …).")

  package static let listenerProtocol = Key.choice(
    "protocol", ListenerProtocol.smtp, .listener, example: "lmtp", "What is spoken on this port.")

  package static let listenerBacklog = Key.integer(
    "backlog", 1024, in: 1...65535, .listener, example: "4096", "How many connections may wait in the kernel until they are accepted.")

  package static let listenerMode = Key.mode("mode", "0666", .listener, example: "0600", "The permission of a socket in the file system.")
}
