// SPDX-License-Identifier: Apache-2.0

/// What all sessions of a listener share: its configuration, and the replies that never change, made once.
package final class ServerContext: Sendable {
  package let configuration: ServerConfiguration
  let banner: Reply
  let heloOk: Reply
  let ehloInClear: Reply
  let ehloInTLS: Reply
  let help: Reply

  package init(_ configuration: ServerConfiguration) {
    self.configuration = configuration
    let host = configuration.myhostname
    banner = Reply(220, nil, configuration.smtpdBanner)
    heloOk = Reply(250, nil, host)
    let keywords = ServerContext.keywords(configuration)
    ehloInTLS = Reply(250, nil, ([host] + keywords.filter { $0 != "STARTTLS" }).joined(separator: "\n"))
    ehloInClear = Reply(250, nil, ([host] + keywords).joined(separator: "\n"))
    help = Reply(214, EnhancedStatus(2, 0, 0), "Commands: \(ServerContext.commands(configuration))")
  }

  func offers(_ keyword: String) -> Bool { !configuration.smtpdDiscardEhloKeywords.contains(keyword) }

  /// RFC 5321 §4.1.1.1: `ehlo-line = ehlo-keyword *( SP ehlo-param )`, in Postfix's order.
  private static func keywords(_ configuration: ServerConfiguration) -> [String] {
    let limit = configuration.messageSizeLimit
    let all: [(String, Bool)] = [
      ("PIPELINING", true), (limit > 0 ? "SIZE \(limit)" : "SIZE", true), ("VRFY", !configuration.disableVrfyCommand),
      ("ETRN", configuration.service == .smtp), ("STARTTLS", configuration.smtpdTlsSecurityLevel != .none),
      ("ENHANCEDSTATUSCODES", true), ("8BITMIME", true), ("DSN", true), ("SMTPUTF8", configuration.smtputf8Enable),
      ("CHUNKING", true),
    ]
    return all.filter { keyword, isOffered in
      let word = keyword.split(separator: " ").first.map(String.init) ?? keyword
      return isOffered && !configuration.smtpdDiscardEhloKeywords.contains(word)
    }.map(\.0)
  }

  private static func commands(_ configuration: ServerConfiguration) -> String {
    let hello = configuration.service == .lmtp ? ["LHLO"] : ["EHLO", "HELO"]
    let tls = configuration.smtpdTlsSecurityLevel == .none ? [] : ["STARTTLS"]
    return (["BDAT", "DATA", "ETRN", "HELP", "MAIL", "NOOP", "QUIT", "RCPT", "RSET", "VRFY"] + hello + tls).sorted()
      .joined(separator: " ")
  }
}
