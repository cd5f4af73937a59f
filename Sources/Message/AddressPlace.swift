// SPDX-License-Identifier: Apache-2.0

/// Where an address stands, as Postfix's canonical_classes name it.
package enum AddressPlace: String, Hashable, Sendable {
  case envelopeSender = "envelope_sender"
  case envelopeRecipient = "envelope_recipient"
  case headerSender = "header_sender"
  case headerRecipient = "header_recipient"
}

/// An address that may be turned into another.
package struct PlacedAddress: Hashable, Sendable {
  package let text: String
  package let place: AddressPlace

  package init(_ text: String, _ place: AddressPlace) {
    self.text = text
    self.place = place
  }
}
