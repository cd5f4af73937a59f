// SPDX-License-Identifier: Apache-2.0
import Events
import Queue

/// The transports that there are, by the names that `NextHop` has: master.cf's services.
package struct TransportTable: Sendable {
  package struct Row: Sendable {
    package let transport: any Transport
    /// Whose line it is in the log.
    package let service: Service
  }

  private var rows: [String: Row] = [:]

  /// With those that need nothing: `error`, `retry`, `discard`.
  package init() {
    self["error"] = Row(transport: ErrorTransport(.bounced), service: "error")
    self["retry"] = Row(transport: ErrorTransport(.deferred), service: "error")
    self[ExpansionTransport.name] = Row(transport: ExpansionTransport(), service: "local")
    self["discard"] = Row(transport: ErrorTransport(.sent), service: "discard")
  }

  package subscript(name: String) -> Row? {
    get { rows[name] }
    set { rows[name] = newValue }
  }

  package mutating func add(_ name: String, _ transport: any Transport, service: Service) {
    rows[name] = Row(transport: transport, service: service)
  }
}
