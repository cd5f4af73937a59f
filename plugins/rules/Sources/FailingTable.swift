// SPDX-License-Identifier: Apache-2.0
import WeirPlugin

/// A table that has no answer for now: the message is not taken, nor refused for good.
package enum FailingTable {
  package static func refuse(_ table: String, _ context: Context) -> Verdict {
    context.log(.warning, "\(table): table lookup problem")
    return context.reply(451, status: "4.3.0", "Temporary lookup failure")
  }
}
