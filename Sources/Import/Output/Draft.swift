// SPDX-License-Identifier: Apache-2.0
import Settings

/// A line of the weir.conf to be.
struct DraftLine {
  let name: String
  /// Line feeds where it goes on in the next line.
  var value: String
  let comments: [String]
  /// The item it comes from.
  let item: Int?
  /// Whether it says what Postfix took without being told.
  var isDefault = false
}

/// A `listener` or `transport` block to be.
struct DraftBlock {
  enum Kind: String { case listener, transport }

  let kind: Kind
  let name: String
  let item: Int?
  var lines: [DraftLine] = []

  init(_ kind: Kind = .listener, name: String, item: Int?) {
    self.kind = kind
    self.name = name
    self.item = item
  }

  /// The last one of a name counts.
  mutating func set(_ line: DraftLine) {
    lines.removeAll { $0.name == line.name }
    lines.append(line)
  }
}

/// Where a line of the draft is.
enum DraftPlace: Hashable {
  case top(Int)
  case block(Int, line: Int)
  case head(Int)
}

/// The weir.conf, until it is sound.
struct Draft {
  var lines: [DraftLine] = []
  var blocks: [DraftBlock] = []

  /// A later setting of the same name takes the place of the earlier one, as in main.cf.
  mutating func add(_ line: DraftLine) {
    if let index = lines.firstIndex(where: { $0.name == line.name }) { lines.remove(at: index) }
    lines.append(line)
  }

  func freeListenerName(_ wanted: String) -> String {
    let taken = Set(blocks.filter { $0.kind == .listener }.map(\.name))
    if !taken.contains(wanted) { return wanted }
    return (2...(taken.count + 2)).map { "\(wanted)\($0)" }.first { !taken.contains($0) } ?? wanted
  }

  subscript(place: DraftPlace) -> DraftLine? {
    get {
      switch place {
      case .top(let index): lines.indices.contains(index) ? lines[index] : nil
      case .block(let block, let line): blocks.indices.contains(block) && blocks[block].lines.indices.contains(line) ? blocks[block].lines[line] : nil
      case .head: nil
      }
    }
    set {
      guard self[place] != nil else { return }
      switch place {
      case .top(let index): if let newValue { lines[index] = newValue } else { lines.remove(at: index) }
      case .block(let block, let line): if let newValue { blocks[block].lines[line] = newValue } else { blocks[block].lines.remove(at: line) }
      case .head: break
      }
    }
  }
}
