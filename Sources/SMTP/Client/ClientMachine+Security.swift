// SPDX-License-Identifier: Apache-2.0
import Bytes

/// TLS (RFC 3207) and authentication (RFC 4954): whether and how is the caller's to decide.
extension ClientMachine {
  /// Says STARTTLS. `.startTLS` or `.tlsRefused` follows.
  package mutating func startTLS(into output: inout ByteBuffer) -> ClientAction {
    if isOver || !expected.isEmpty || message != nil { return fail(.misused) }
    expected.append(.startTLS)
    output.append("STARTTLS\r\n")
    return .receive
  }

  /// TLS is in use from now on. RFC 3207 §4.2: what the server said before counts no more, so it is greeted anew.
  package mutating func secured(into output: inout ByteBuffer) -> ClientAction {
    extensions = ServerExtensions()
    parser = ReplyParser()
    greet(isExtended: true, into: &output)
    return .receive
  }

  /// Says `command`: AUTH, a mechanism, and the initial response where there is one.
  package mutating func authenticate(_ command: String, into output: inout ByteBuffer) -> ClientAction {
    if isOver || !expected.isEmpty || message != nil { return fail(.misused) }
    expected.append(.auth)
    output.append(command)
    output.append("\r\n")
    return .receive
  }

  /// Answers a challenge in base64; `*` gives up (RFC 4954 §4).
  package mutating func respond(_ answer: String, into output: inout ByteBuffer) -> ClientAction {
    if isOver || !expected.isEmpty { return fail(.misused) }
    expected.append(.auth)
    output.append(answer)
    output.append("\r\n")
    return .receive
  }

  mutating func authenticationAnswered(_ reply: ServerReply) -> ClientAction {
    switch reply.code {
    case 334: .challenged(String(reply.texts.last ?? ""))
    case 200..<300: .authenticated(reply)
    default: .authenticationRefused(reply)
    }
  }
}
