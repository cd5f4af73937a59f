// SPDX-License-Identifier: Apache-2.0

/// Settings whose tables choose programs, servers and mailboxes: what a stranger writes in an address must not become a part of that. Postfix leaves out rules
/// of patterns that would put it there.
enum PlainTables {
  static let names: Set<String> = [
    Keys.transportMaps.name, Keys.senderDependentRelayhostMaps.name, Keys.senderDependentDefaultTransportMaps.name,
    Keys.addressVerifyTransportMaps.name, Keys.addressVerifySenderDependentRelayhostMaps.name,
    Keys.addressVerifySenderDependentDefaultTransportMaps.name, Keys.mailboxTransportMaps.name, Keys.fallbackTransportMaps.name,
    Keys.mailboxCommandMaps.name, Keys.aliasMaps.name, Keys.virtualMailboxMaps.name, Keys.virtualUidMaps.name, Keys.virtualGidMaps.name,
  ]
}
