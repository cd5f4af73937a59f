// SPDX-License-Identifier: Apache-2.0
import PluginHost
import Queue
import Runtime

/// What smtp_generic_maps make of the addresses of one message. Where the tables take their time, they are asked on the pool, for all addresses at once.
final class GenericAddresses {
  private let map: GenericMap
  private let isSlow: Bool
  private let pool: BlockingPool
  private var known: [String: String] = [:]

  static let failure = RelaySession.Trouble.policy(Reason(status: "4.3.0", text: "generic table lookup problem"))

  init(_ settings: SMTPClientSettings, pool: BlockingPool) {
    map = GenericMap(settings.generic, delimiters: settings.genericDelimiters)
    isSlow = !settings.generic.externals.isEmpty
    self.pool = pool
  }

  /// Before the addresses are asked for.
  func learn(_ addresses: [String]) async throws(RelaySession.Trouble) {
    guard isSlow else { return }
    let asked = Array(Set(addresses).filter { known[$0] == nil })
    if asked.isEmpty { return }
    let answer = await pool.run { [map] in Lookups.wait { asked.map(map.address) } }
    guard let answer, !answer.hasFailed else { throw Self.failure }
    known.merge(zip(asked, answer.result)) { $1 }
  }

  func address(for address: String) -> String { isSlow ? known[address] ?? address : map.address(for: address) }
}
