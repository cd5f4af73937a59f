// SPDX-License-Identifier: Apache-2.0

/// A recipient that the user database is being asked about.
final class Pending {
  let path: ForwardPath
  /// VRFY: the words to repeat.
  let words: String
  let parameters: RcptParameters
  let destination: Destination
  let address: Mailbox

  init(path: ForwardPath, words: String = "", parameters: RcptParameters = RcptParameters(), destination: Destination, address: Mailbox) {
    self.path = path
    self.words = words
    self.parameters = parameters
    self.destination = destination
    self.address = address
  }
}
