// SPDX-License-Identifier: Apache-2.0

// Daemon: from settings to a running mail server. The only module that knows all the others.
//
// Configuration/ reads the settings and hands them down to the processes; Processes/ starts and watches those; Mail/ is what the mta
// process is made of; Queue/ is `weir queue` and the socket it asks; Launch.swift has an entry point for each subcommand.

/// What this program calls itself.
package enum Product {
  package static let name = "Weir"
  package static let version = "0.1.0"
}
