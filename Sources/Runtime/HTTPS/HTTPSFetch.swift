// SPDX-License-Identifier: Apache-2.0
import Bytes
import CCurl

/// A small file by HTTPS, whose server has proved its name.
package enum HTTPSFetch {
  package struct Request: Sendable {
    package var host: String
    package var path: String
    /// Where the host is.
    package var addresses: [IPAddress]
    /// Besides those of the system.
    package var authorities: TLSAuthorities
    package var timeout: Duration
    package var limit: Int
    /// What the answer must say that it is.
    package var mediaType: String

    package init(
      host: String, path: String, addresses: [IPAddress], authorities: TLSAuthorities, timeout: Duration, limit: Int, mediaType: String
    ) {
      self.host = host
      self.path = path
      self.addresses = addresses
      self.authorities = authorities
      self.timeout = timeout
      self.limit = limit
      self.mediaType = mediaType
    }
  }

  package struct Failure: Error, Equatable, Sendable {
    package enum Kind: Sendable { case connection, certificate, answer }

    package var kind: Kind
    package var text: String

    package init(kind: Kind, text: String) {
      self.kind = kind
      self.text = text
    }
  }

  /// Blocks until the answer or the deadline. An answer that is no 200 is a failure, a redirect too.
  package static func get(_ request: Request) -> Result<[UInt8], Failure> {
    var answer = ccurl_answer()
    let body = [UInt8](unsafeUninitializedCapacity: request.limit) { buffer, count in
      perform(request, buffer, &answer)
      count = min(answer.count, request.limit)
    }
    let reason = withUnsafeBytes(of: answer.reason) { text($0) }
    switch answer.kind {
    case CCURL_DONE: return judge(request, answer, body)
    case CCURL_BAD_CERTIFICATE: return .failure(Failure(kind: .certificate, text: reason))
    case CCURL_TOO_LARGE: return .failure(Failure(kind: .answer, text: "more than \(request.limit) bytes"))
    default: return .failure(Failure(kind: .connection, text: reason))
    }
  }

  private static func judge(_ request: Request, _ answer: ccurl_answer, _ body: [UInt8]) -> Result<[UInt8], Failure> {
    guard answer.status == 200 else { return .failure(Failure(kind: .answer, text: "the server answered \(answer.status)")) }
    let type = withUnsafeBytes(of: answer.media_type) { text($0) }.prefix { $0 != ";" && $0 != " " }.lowercased()
    guard type == request.mediaType else { return .failure(Failure(kind: .answer, text: "the server sent \(type), not \(request.mediaType)")) }
    return .success(body)
  }

  private static let systemFolder = "/etc/ssl/certs"

  private static func perform(_ request: Request, _ buffer: UnsafeMutableBufferPointer<UInt8>, _ answer: inout ccurl_answer) {
    let addresses = request.addresses.map { $0.family == .v4 ? "\($0)" : "[\($0)]" }.joined(separator: ",")
    let resolve: String? = addresses.isEmpty ? nil : "\(request.host):443:\(addresses)"
    let folder = request.authorities.folders.first ?? systemFolder
    "https://\(request.host)\(request.path)".withCString { url in
      folder.withCString { folder in
        withOptional(resolve) { resolve in
          withOptional(request.authorities.files.first) { file in
            var raw = ccurl_request(
              url: url, addresses: resolve, authority_file: file, authority_folder: folder,
              timeout_milliseconds: Int(request.timeout / .milliseconds(1)), body: buffer.baseAddress, limit: buffer.count)
            ccurl_get(&raw, &answer)
          }
        }
      }
    }
  }

  private static func withOptional(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Void) {
    if let text { text.withCString(body) } else { body(nil) }
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
}
