// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The settings of a listener about whom its clients speak for and how they are dealt with, under Postfix's names without `smtpd_`.
package struct EdgeConfiguration: Sendable {
  package var authorizedXclientHosts = ClientList()
  package var authorizedXforwardHosts = ClientList()

  /// `smtpd_discard_ehlo_keyword_address_maps`: what is hidden from this client in place of `smtpdDiscardEhloKeywords`, in upper case.
  package var discardedKeywords: (@Sendable (IPAddress) -> Set<String>?)?
  /// `smtpd_forbidden_commands`: who sends such a command is no mail client.
  package var forbidsCommand: (@Sendable (String) -> Bool)? = EdgeConfiguration.forbidsByDefault
  /// `smtpd_noop_commands`: answered with 250 and otherwise ignored, known or not.
  package var ignoresCommand: (@Sendable (String) -> Bool)?
  /// `smtpd_command_filter`: the command to take in place of the one the client sent.
  package var commandFilter: (@Sendable (String) -> String?)?
  /// How log lines name the listener.
  package var serviceName = "smtp"

  /// Postfix's default: `CONNECT GET POST regexp:{{/^[^A-Z]/ Bogus}}`.
  package static let forbidsByDefault: @Sendable (String) -> Bool = { command in
    ["CONNECT", "GET", "POST"].contains(command.uppercased()) || !(command.utf8.first.map(ASCIISet.alpha.contains) ?? true)
  }

  package init() {}
}
