// SPDX-License-Identifier: Apache-2.0

/// What `weir test` was asked for.
package struct TestOptions: Sendable {
  package var paths: [String] = []
  package var sender: String?
  package var recipients: [String] = []
  package var client: String?
  package var clientName: String?
  package var helo: String?
  package var login: String?
  package var listener: String?
  package var isJSON = false
  package var isVerbose = false
  /// Answers of the DNS, instead of asking.
  package var recordedNames: String?
  /// Where to write the answers of the DNS.
  package var namesRecord: String?

  package init() {}
}
