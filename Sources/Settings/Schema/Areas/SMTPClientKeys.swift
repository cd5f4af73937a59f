// SPDX-License-Identifier: Apache-2.0
import Tables

/// Which families of addresses come first.
package enum AddressPreference: String, CaseIterable, Sendable { case any, ipv4, ipv6 }

/// Where servers are looked for.
package struct SMTPHostKeys: Sendable {
  package let tcpPort: Key<Int>
  package let bindAddress: Key<String>
  package let bindAddress6: Key<String>
  package let addressPreference: Key<AddressPreference>
  package let balanceInetProtocols: Key<Bool>
  package let randomizeAddresses: Key<Bool>
  package let mxAddressLimit: Key<Int>
  package let mxSessionLimit: Key<Int>
  package let deferIfNoMxAddressFound: Key<Bool>
  package let dnsSupportLevel: Key<DNSSupportLevel>
  package let hostLookup: Key<[String]>
  package let fallbackRelay: Key<[String]>
  package let dnsReplyFilter: Key<[TableReference]>

  package enum DNSSupportLevel: String, CaseIterable, Sendable {
    case automatic = ""
    case disabled, enabled, dnssec
  }

  init(_ prefix: String) {
    let isLMTP = prefix == "lmtp"
    tcpPort = .port("\(prefix)_tcp_port", isLMTP ? "24" : "25", .topLevel, example: "2525", "The port of servers whose next hop names none.")
    bindAddress = .address(
      "\(prefix)_bind_address", "", example: "192.0.2.1", "The IPv4 address that connections are made from; the system chooses if it is empty.")
    bindAddress6 = .address(
      "\(prefix)_bind_address6", "", example: "2001:db8::1", "The IPv6 address that connections are made from; the system chooses if it is empty.")
    addressPreference = .choice(
      "\(prefix)_address_preference", AddressPreference.any, example: "ipv4",
      "Which kind of address is tried first among servers of the same preference; with `any`, either by chance.")
    balanceInetProtocols = .boolean(
      "\(prefix)_balance_inet_protocols", true, .topLevel,
      "Whether both kinds of address get a share of \(prefix)_mx_address_limit, where a domain has both.")
    randomizeAddresses = .boolean(
      "\(prefix)_randomize_addresses", true, .topLevel, "Whether servers of the same preference are tried in an order that differs each time.")
    mxAddressLimit = .integer(
      "\(prefix)_mx_address_limit", 5, example: "3", "How many addresses of a domain are tried for a message; 0 for all.")
    mxSessionLimit = .integer(
      "\(prefix)_mx_session_limit", 2, example: "4",
      "With how many servers of a domain Weir begins to speak for a message, before it is left for later; 0 for all. Who cannot be reached does not count."
    )
    deferIfNoMxAddressFound = .boolean(
      "\(prefix)_defer_if_no_mx_address_found", false, .topLevel,
      "Whether mail waits whose domain names servers that have no address. Else it is returned.")
    dnsSupportLevel = .choice(
      "\(prefix)_dns_support_level", DNSSupportLevel.automatic, example: "disabled",
      "`disabled`: no MX records, as with disable_dns_lookups. `enabled` and `dnssec`: with them; whether answers can be proved, resolver_dnssec says."
    )
    hostLookup = .choices(
      "\(prefix)_host_lookup", "dns", of: ["dns", "native"], example: "dns, native",
      "Where the addresses of a host are looked for: name servers (`dns`), or /etc/hosts and name servers (`native`).")
    fallbackRelay = .words(
      "\(prefix)_fallback_relay", isLMTP ? "" : "$fallback_relay", example: "[relay.example.com]",
      "Servers that get the mail which a domain's own cannot be given. The transport `relay` does without.")
    dnsReplyFilter = .tables(
      "\(prefix)_dns_reply_filter", "", example: "pcre:{ {/ AAAA / IGNORE} }",
      """
      A table that is asked for each record of the name servers' answers, as in `mx.example.com. 3600 IN A 192.0.2.1`. IGNORE leaves the record out. Where all are \
      left out, the mail waits.
      """)
  }

  var all: [any AnyKey] {
    [
      tcpPort, bindAddress, bindAddress6, addressPreference, balanceInetProtocols, randomizeAddresses, mxAddressLimit, mxSessionLimit,
      deferIfNoMxAddressFound, dnsSupportLevel, hostLookup, fallbackRelay, dnsReplyFilter,
    ]
  }
}

/// How long each step may take.
package struct SMTPTimeKeys: Sendable {
  package let connect: Key<Duration>
  package let helo: Key<Duration>
  package let mail: Key<Duration>
  package let rcpt: Key<Duration>
  package let dataInit: Key<Duration>
  package let dataXfer: Key<Duration>
  package let dataDone: Key<Duration>
  package let rset: Key<Duration>
  package let quit: Key<Duration>
  package let xforward: Key<Duration>

  init(_ prefix: String) {
    let hello = prefix == "lmtp" ? "lhlo" : "helo"
    func time(_ step: String, _ text: String, _ paragraph: String, least: Int = 1) -> Key<Duration> {
      .duration("\(prefix)_\(step)_timeout", text, seconds: least...Int(Int32.max), example: "1m", paragraph)
    }
    connect = time("connect", prefix == "lmtp" ? "0s" : "30s", "How long a connection may take; 0 leaves it to the system.", least: 0)
    helo = time(hello, "300s", "How long the greeting and the answer to \(hello.uppercased()) may take.")
    mail = time("mail", "300s", "How long the answer to MAIL may take.")
    rcpt = time("rcpt", "300s", "How long the answer to RCPT may take.")
    dataInit = time("data_init", "120s", "How long the answer to DATA may take.")
    dataXfer = time("data_xfer", "180s", "How long the server may take no more of the content.")
    dataDone = time("data_done", "600s", "How long the answer to the end of the content may take. When it is too short, mail arrives twice.")
    rset = time("rset", "20s", "How long the answer to RSET may take.")
    xforward = time("xforward", "300s", "How long the answer to XFORWARD may take.")
    quit = time("quit", "300s", "How long the answer to QUIT may take.")
  }

  var all: [any AnyKey] { [connect, helo, mail, rcpt, dataInit, dataXfer, dataDone, rset, quit, xforward] }
}

/// How a session goes.
package struct SMTPTalkKeys: Sendable {
  package let discardKeywords: Key<[String]>
  package let discardKeywordAddressMaps: Key<[TableReference]>
  package let skipQuitResponse: Key<Bool>
  package let lineLengthLimit: Key<ByteCount>
  package let quoteEnvelope: Key<Bool>
  package let chunking: Key<Bool>
  package let sendXforward: Key<Bool>
  package let genericMaps: Key<[TableReference]>
  package let replyFilter: Key<[TableReference]>
  package let deliveryStatusFilter: Key<[TableReference]>

  init(_ prefix: String) {
    let hello = prefix == "lmtp" ? "lhlo" : "ehlo"
    discardKeywords = .words(
      "\(prefix)_discard_\(hello)_keywords", "", example: "pipelining, dsn", "Extensions that are not used though a server offers them.")
    discardKeywordAddressMaps = .tables(
      "\(prefix)_discard_\(hello)_keyword_address_maps", "", example: "inline:{ 192.0.2.1 = pipelining }",
      "The same for single servers, by address. What is found there takes the place of \(prefix)_discard_\(hello)_keywords.")
    skipQuitResponse = .boolean(
      "\(prefix)_skip_quit_response", prefix != "lmtp", .topLevel, "Whether the connection ends without the answer to QUIT.")
    lineLengthLimit = .byteCount(
      "\(prefix)_line_length_limit", "998", example: "990",
      "Longer lines are broken by a line end and a blank, since other servers may refuse them (RFC 5321). 0: never.")
    quoteEnvelope = .boolean(
      "\(prefix)_quote_rfc821_envelope", true, .topLevel, "Whether odd local parts are quoted in MAIL and RCPT, as RFC 5321 has it.")
    chunking = .boolean(
      "\(prefix)_chunking", true, Traits(origin: .weir),
      "Whether the content is sent by BDAT to a server that offers CHUNKING (RFC 3030), so that DATA needs no answer of its own.")
    sendXforward = .boolean(
      "\(prefix)_send_xforward_command", false, .topLevel,
      "Whether servers that offer XFORWARD are told by it which client a message came from, for their log. For content filters.")
    genericMaps = .tables(
      "\(prefix)_generic_maps", "", example: "inline:{ user@localdomain.local = user@example.com }",
      "Replaces addresses in the envelope and the header of mail that leaves: the whole address, `user`, or `@domain`, in that order.")
    replyFilter = .tables(
      "\(prefix)_reply_filter", "", example: "inline:{ {250 ok = 250 2.0.0 ok} }",
      "A table that is asked for each line of a server's reply, and gives the one to take instead.")
    deliveryStatusFilter = .tables(
      "\(prefix)_delivery_status_filter", "", example: "pcre:{{/^5\\.7\\.1 .*blocked/ 4.7.1 blocked}}",
      "A table that is asked for the result of each delivery, its status and its text, and gives another. 5 becomes 4 so, or 4 becomes 5; success stays."
    )
  }

  var all: [any AnyKey] {
    [
      discardKeywords, discardKeywordAddressMaps, skipQuitResponse, lineLengthLimit, quoteEnvelope, chunking, sendXforward, genericMaps, replyFilter,
      deliveryStatusFilter,
    ]
  }
}

/// Which connections stay open.
package struct SMTPCacheKeys: Sendable {
  package let onDemand: Key<Bool>
  package let destinations: Key<[String]>
  package let timeLimit: Key<Duration>
  package let reuseTimeLimit: Key<Duration>
  package let reuseCountLimit: Key<Int>

  init(_ prefix: String) {
    onDemand = .boolean(
      "\(prefix)_connection_cache_on_demand", true, .topLevel, "Whether connections stay open to destinations for which more mail waits.")
    destinations = .words(
      "\(prefix)_connection_cache_destinations", "", example: "example.com, [relay.example.net]",
      "Next hops to which connections always stay open for some time.")
    timeLimit = .duration(
      "\(prefix)_connection_cache_time_limit", "2s", example: "5s", "How long a connection stays open without mail.")
    reuseTimeLimit = .duration(
      "\(prefix)_connection_reuse_time_limit", "300s", example: "10m", "How long a connection is used again and again.")
    reuseCountLimit = .integer(
      "\(prefix)_connection_reuse_count_limit", 0, example: "20", "How many messages go over one connection; 0 for any number.")
  }

  var all: [any AnyKey] { [onDemand, destinations, timeLimit, reuseTimeLimit, reuseCountLimit] }
}
