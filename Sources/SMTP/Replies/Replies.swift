// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Everything the server says, with Postfix's codes and words.
enum Replies {
  static let ok = Reply(250, EnhancedStatus(2, 0, 0), "Ok")
  static let senderOk = Reply(250, EnhancedStatus(2, 1, 0), "Ok")
  static let recipientOk = Reply(250, EnhancedStatus(2, 1, 5), "Ok")
  static let bye = Reply(221, EnhancedStatus(2, 0, 0), "Bye")
  static let startTLS = Reply(220, EnhancedStatus(2, 0, 0), "Ready to start TLS")
  static let sendContent = Reply(354, nil, "End data with <CR><LF>.<CR><LF>")

  // What no grammar rule fits
  static let badSyntax = Reply(500, EnhancedStatus(5, 5, 2), "Error: bad syntax")
  static let badUTF8 = Reply(500, EnhancedStatus(5, 5, 2), "Error: bad UTF-8 syntax")
  static let lineTooLong = Reply(500, EnhancedStatus(5, 5, 2), "Error: line too long")
  static let notImplemented = Reply(502, EnhancedStatus(5, 5, 1), "Error: command not implemented")
  static let breaksRules = Reply(221, EnhancedStatus(2, 7, 0), "Error: I can break rules, too. Goodbye.")
  static let notSynchronized = Reply(554, EnhancedStatus(5, 5, 0), "Error: SMTP protocol synchronization")

  static let vrfyDisabled = Reply(502, EnhancedStatus(5, 5, 1), "VRFY command is disabled")

  // Syntax of commands
  static let heloSyntax = Reply(501, nil, "Syntax: HELO hostname")
  static let ehloSyntax = Reply(501, nil, "Syntax: EHLO hostname")
  static let lhloSyntax = Reply(501, nil, "Syntax: LHLO hostname")
  static let mailSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: MAIL FROM:<address>")
  static let rcptSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: RCPT TO:<address>")
  static let dataSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: DATA")
  static let rsetSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: RSET")
  static let vrfySyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: VRFY address [SMTPUTF8]")
  static let etrnSyntax = Reply(500, nil, "Syntax: ETRN domain")
  static let startTLSSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: STARTTLS")
  static let bdatSyntax = Reply(521, EnhancedStatus(5, 5, 4), "Syntax: BDAT count [LAST]")
  static let badSender = Reply(501, EnhancedStatus(5, 1, 7), "Bad sender address syntax")
  static let badRecipient = Reply(501, EnhancedStatus(5, 1, 3), "Bad recipient address syntax")
  static let badSize = Reply(501, EnhancedStatus(5, 5, 4), "Bad message size syntax")
  static let badReturn = Reply(501, EnhancedStatus(5, 5, 4), "Bad RET parameter syntax")
  static let badEnvelopeID = Reply(501, EnhancedStatus(5, 5, 4), "Bad ENVID parameter syntax")
  static let badNotify = Reply(501, EnhancedStatus(5, 5, 4), "Error: Bad NOTIFY parameter syntax")
  static let badORCPT = Reply(501, EnhancedStatus(5, 5, 4), "Error: Bad ORCPT parameter syntax")

  // Order of commands
  static let sendHelloFirst = Reply(503, EnhancedStatus(5, 5, 1), "Error: send HELO/EHLO first")
  static let sendLHLOFirst = Reply(503, EnhancedStatus(5, 5, 1), "Error: send LHLO first")
  static let nestedMail = Reply(503, EnhancedStatus(5, 5, 1), "Error: nested MAIL command")
  static let needMail = Reply(503, EnhancedStatus(5, 5, 1), "Error: need MAIL command")
  static let needRcpt = Reply(503, EnhancedStatus(5, 5, 1), "Error: need RCPT command")
  static let noValidRecipients = Reply(554, EnhancedStatus(5, 5, 1), "Error: no valid recipients")
  static let etrnNeedsHello = Reply(503, nil, "Error: send HELO/EHLO first")
  static let mailAfterBdat = Reply(503, EnhancedStatus(5, 5, 1), "Error: MAIL after BDAT")
  static let rcptAfterBdat = Reply(503, EnhancedStatus(5, 5, 1), "Error: RCPT after BDAT")
  static let nullBdat = Reply(551, EnhancedStatus(5, 7, 1), "Null BDAT request")
  static let dataAfterBdat = Reply(503, EnhancedStatus(5, 5, 1), "Error: DATA after BDAT")
  static let xclientSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: XCLIENT attribute=value...")
  static let xforwardSyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: XFORWARD attribute=value...")
  static let notAuthorized = Reply(550, EnhancedStatus(5, 7, 0), "Error: insufficient authorization")
  static let authNotEnabled = Reply(503, EnhancedStatus(5, 5, 1), "Error: authentication not enabled")
  static let needTLS = Reply(530, EnhancedStatus(5, 7, 0), "Must issue a STARTTLS command first")
  static let alreadyTLS = Reply(554, EnhancedStatus(5, 5, 1), "Error: TLS already active")

  // Limits
  static let tooManyRecipients = Reply(452, EnhancedStatus(4, 5, 3), "Error: too many recipients")
  static let sizeOverLimit = Reply(552, EnhancedStatus(5, 3, 4), "Message size exceeds fixed limit")
  static let sizeBeyondFileSystem = Reply(552, EnhancedStatus(5, 3, 4), "Message size exceeds file system imposed limit")
  static let chunkOverLimit = Reply(552, EnhancedStatus(5, 3, 4), "Chunk exceeds message size limit")
  static let messageTooBig = Reply(552, EnhancedStatus(5, 3, 4), "Error: message file too big")
  static let tooManyHops = Reply(554, EnhancedStatus(5, 4, 0), "Error: too many hops")
  static let storageFull = Reply(452, EnhancedStatus(4, 3, 1), "Insufficient system storage")
  static let writeFailed = Reply(451, EnhancedStatus(4, 3, 0), "Error: queue file write error")
  static let looped = Reply(554, EnhancedStatus(5, 4, 6), "Error: mail forwarding loop")
  static let unsupportedUTF8 = Reply(555, EnhancedStatus(5, 5, 4), "Unsupported option: SMTPUTF8")
  static let mustDeclareUTF8 = Reply(553, EnhancedStatus(5, 6, 7), "Must declare SMTPUTF8 to send unicode address")

  static func notRecognized(_ suggestion: Verb?) -> Reply {
    let hint = suggestion.map { " (did you mean \($0.name.uppercased())?)" } ?? ""
    return Reply(500, EnhancedStatus(5, 5, 2), "Error: command not recognized\(hint)")
  }

  static func unsupportedOption(_ word: UnsafeRawBufferPointer) -> Reply {
    Reply(555, EnhancedStatus(5, 5, 4), "Unsupported option: \(String(decoding: word, as: UTF8.self))")
  }

  static let unsupportedProbe = Reply(555, EnhancedStatus(5, 5, 4), "Unsupported option: XPROBE")

  static func queued(as id: String) -> Reply { Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued as \(id)") }

  /// RFC 3030 §2 lets a reply to BDAT say how much arrived.
  static func chunkOk(_ size: Int) -> Reply { Reply(250, EnhancedStatus(2, 0, 0), "Ok: \(size) bytes") }
  static func chunkDiscarded(_ size: Int) -> Reply { Reply(551, EnhancedStatus(5, 0, 0), "Discarded \(size) bytes after earlier error") }
  static func queued(as id: String, size: Int) -> Reply { Reply(250, EnhancedStatus(2, 0, 0), "Ok: \(size) bytes queued as \(id)") }
  static func verified(_ words: String) -> Reply { Reply(252, EnhancedStatus(2, 0, 0), words) }
  static func etrnRefused(_ domain: String) -> Reply { Reply(459, nil, "<\(domain)>: service unavailable") }
  static func relayDenied(_ path: String) -> Reply { Reply(454, EnhancedStatus(4, 7, 1), "<\(path)>: Relay access denied") }

  /// `table` is ` in local recipient table` or empty.
  static func unknownUser(_ path: String, code: UInt16, table: String) -> Reply {
    let status = EnhancedStatus(code >= 500 ? 5 : 4, 1, 1)
    return Reply(code, status, "<\(path)>: Recipient address rejected: User unknown\(table)")
  }

  static func lookupFailed(_ path: String) -> Reply { Reply.lookupFailed(path) }

  static func accessDenied(_ client: String) -> Reply { Reply(503, EnhancedStatus(5, 7, 0), "Error: access denied for \(client)") }
  static func tooManyErrors(_ host: String) -> Reply { Reply(421, EnhancedStatus(4, 7, 0), "\(host) Error: too many errors") }
  static func certificateNeeded(_ host: String, _ why: String) -> Reply { Reply(421, EnhancedStatus(4, 7, 1), "\(host) Error: \(why)") }
  static func timedOut(_ host: String) -> Reply { Reply(421, EnhancedStatus(4, 4, 2), "\(host) Error: timeout exceeded") }
  static func shuttingDown(_ host: String) -> Reply { Reply(421, EnhancedStatus(4, 3, 2), "\(host) Service shutting down") }

  static func bareNewline(_ host: String, code: UInt16) -> Reply {
    Reply(code, EnhancedStatus(code >= 500 ? 5 : 4, 5, 2), "\(host) Error: bare <LF> received")
  }
}

extension Reply {
  /// A table has no answer for now.
  package static func lookupFailed(_ path: String) -> Reply { Reply(451, EnhancedStatus(4, 3, 0), "<\(path)>: Temporary lookup failure") }
}
