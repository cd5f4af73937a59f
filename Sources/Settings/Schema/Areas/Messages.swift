// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let messages = Area(
    "Messages", "What Weir adds to a message.", [Keys.alwaysAddMissingHeaders, Keys.localHeaderRewriteClients])
}

extension Keys {
  package static let alwaysAddMissingHeaders = Key.boolean(
    "always_add_missing_headers", false, .anywhere,
    "Whether Date:, From: and Message-ID: are added for every client, not only for those in local_header_rewrite_clients.")

  package static let localHeaderRewriteClients = Key.words(
    "local_header_rewrite_clients", "permit_inet_interfaces", .anywhere, example: "permit_mynetworks",
    "The clients whose messages get the header lines that are missing: `permit_inet_interfaces` (this machine) and `permit_mynetworks`.")
}
