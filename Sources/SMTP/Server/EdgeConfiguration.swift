// SPDX-License-Identifier: Apache-2.0

/// The settings of a listener about whom its clients speak for and how they are dealt with, under Postfix's names without `smtpd_`.
package struct EdgeConfiguration: Sendable {
  package var authorizedXclientHosts = ClientList()
  package var authorizedXforwardHosts = ClientList()

  package init() {}
}
