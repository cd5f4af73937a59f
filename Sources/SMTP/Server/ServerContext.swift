// SPDX-License-Identifier: Apache-2.0

/// What all sessions of a listener share: its configuration, and the replies that never change, made once.
package final class ServerContext: Sendable {
  package let configuration: ServerConfiguration
  /// Nil where no rate is limited.
  let meter: (any ClientMeter)?
  let banner: Reply
  let heloOk: Reply
  let ehloInClear: Reply
  let ehloInTLS: Reply
  let help: Reply

  package init(_ configuration: ServerConfiguration, meter: (any ClientMeter)? = nil) {
    self.configuration = configuration
    self.meter = meter
    let host = configuration.myhostname
    banner = Reply(220, nil, configuration.smtpdBanner)
    heloOk = Reply(250, nil, host)
    let hidden = configuration.smtpdDiscardEhloKeywords
    ehloInTLS = ServerContext.ehlo(configuration, to: [], inTLS: true, hiding: hidden)
    ehloInClear = ServerContext.ehlo(configuration, to: [], inTLS: false, hiding: hidden)
    help = Reply(214, EnhancedStatus(2, 0, 0), "Commands: \(ServerContext.commands(configuration))")
  }

  /// What is offered to a client that is not like the others.
  func ehlo(to privileges: Privileges, inTLS isInTLS: Bool, hiding hidden: Set<String>) -> Reply {
    ServerContext.ehlo(configuration, to: privileges, inTLS: isInTLS, hiding: hidden)
  }

  /// RFC 5321 §4.1.1.1: `ehlo-line = ehlo-keyword *( SP ehlo-param )`, in Postfix's order.
  private static func ehlo(
    _ configuration: ServerConfiguration, to privileges: Privileges, inTLS isInTLS: Bool, hiding hidden: Set<String>
  ) -> Reply {
    let keywords = keywords(configuration, privileges, hidden).filter { !isInTLS || $0 != "STARTTLS" }
    return Reply(250, nil, ([configuration.myhostname] + keywords).joined(separator: "\n"))
  }

  private static func keywords(_ configuration: ServerConfiguration, _ privileges: Privileges, _ hidden: Set<String>) -> [String] {
    let limit = configuration.messageSizeLimit
    let all: [(String, Bool)] = [
      ("PIPELINING", true), (limit > 0 ? "SIZE \(limit)" : "SIZE", true), ("VRFY", !configuration.disableVrfyCommand),
      ("ETRN", configuration.service == .smtp), ("STARTTLS", configuration.smtpdTlsSecurityLevel != .none),
      ("XCLIENT \(ClientOverride.attributeNames)", privileges.contains(.xclient)),
      ("XFORWARD \(ForwardedClient.attributeNames)", privileges.contains(.xforward)), ("ENHANCEDSTATUSCODES", true), ("8BITMIME", true),
      ("DSN", true), ("SMTPUTF8", configuration.smtputf8Enable),
      ("CHUNKING", true),
    ]
    return all.filter { keyword, isOffered in
      let word = keyword.split(separator: " ").first.map(String.init) ?? keyword
      return isOffered && !hidden.contains(word)
    }.map(\.0)
  }

  private static func commands(_ configuration: ServerConfiguration) -> String {
    let hello = configuration.service == .lmtp ? ["LHLO"] : ["EHLO", "HELO"]
    let tls = configuration.smtpdTlsSecurityLevel == .none ? [] : ["STARTTLS"]
    return (["BDAT", "DATA", "ETRN", "HELP", "MAIL", "NOOP", "QUIT", "RCPT", "RSET", "VRFY"] + hello + tls).sorted()
      .joined(separator: " ")
  }
}
