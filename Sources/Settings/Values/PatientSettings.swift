// SPDX-License-Identifier: Apache-2.0

/// Settings whose tables may take their time to answer: whoever asks them waits without holding up others. Elsewhere such a table is an error.
enum PatientSettings {
  static let names: Set<String> = [
    Keys.virtualMailboxMaps.name, Keys.localRecipientMaps.name, Keys.relayRecipientMaps.name, Keys.virtualUidMaps.name, Keys.virtualGidMaps.name,
    Keys.rblReplyMaps.name, Keys.relayClientcerts.name,
  ]
}
