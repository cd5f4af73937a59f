// SPDX-License-Identifier: Apache-2.0

/// RFC 5321 §4.1.2: `Forward-path = Path`, and §4.1.1.3: `"<Postmaster>"` without a domain.
///
/// A source route is read and dropped (RFC 5321 §3.6.1, appendix C). The null path is no forward-path.
package struct ForwardPath: Hashable, Sendable {
  package let mailbox: Mailbox

  package init(_ mailbox: Mailbox) { self.mailbox = mailbox }

  /// RFC 5321 §4.5.1: `postmaster` without a domain must be taken.
  package var isBarePostmaster: Bool { mailbox.domain == nil && mailbox.localPart.lowercased() == "postmaster" }
}
