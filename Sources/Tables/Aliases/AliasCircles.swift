// SPDX-License-Identifier: Apache-2.0

/// Names that lead back to themselves through others.
package enum AliasCircles {
  /// Each circle once, from the first of its names in the order of `names` on. That a name leads to itself is none: it is a user then.
  package static func find(_ names: [String], leadingTo targets: [String: [String]]) -> [[String]] {
    var circles: [[String]] = []
    // Those of which all is known.
    var done: Set<String> = []
    for name in names where !done.contains(name) {
      var path: [(name: String, next: Int)] = [(name, 0)]
      var places = [name: 0]
      while let last = path.last {
        let ways = targets[last.name] ?? []
        guard last.next < ways.count else {
          done.insert(last.name)
          places[last.name] = nil
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let next = ways[last.next]
        if next == last.name || done.contains(next) { continue }
        if let start = places[next] {
          circles.append(path[start...].map(\.name))
        } else {
          places[next] = path.count
          path.append((next, 0))
        }
      }
    }
    return circles
  }
}
