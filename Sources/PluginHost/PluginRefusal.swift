// SPDX-License-Identifier: Apache-2.0

/// Why a plugin is not used, in words for whoever built or installed it.
package enum PluginRefusal: Error, Equatable, Sendable, CustomStringConvertible {
  case notLoadable(String)
  case noEntry(String?)
  case noDescriptor
  case wrongMagic(UInt32)
  case tooSmall(Int, Int)
  case otherMajor(found: UInt32, wanted: UInt32)
  case otherDraft(found: String, host: String)
  case tooNew(needs: String, host: String)
  case noComponents(Int)
  case component(String?, String)
  case unknownKind(String?, UInt32)
  case noneOfKind(String)
  case ambiguous([String])
  case create(String)
  case option(String)
  /// Of which option, what is wrong, and a hint.
  case faultyOption(String?, String, String?)

  package var description: String {
    switch self {
    case .notLoadable(let reason): "cannot be loaded: \(reason)"
    case .noEntry(nil): "is no Weir plugin: it exports no function \(Plugin.entry)"
    case .noEntry(let other?): "is a Weir plugin of another major version: it exports \(other), this Weir calls \(Plugin.entry)"
    case .noDescriptor: "\(Plugin.entry)() returned NULL"
    case .wrongMagic(let found): "has the magic number 0x\(String(found, radix: 16)), a Weir plugin has WEIR_MAGIC"
    case .tooSmall(let found, let wanted): "has a descriptor of \(found) bytes, at least \(wanted) are needed: set .size = sizeof(weir_plugin)"
    case .otherMajor(let found, let wanted): "was compiled for ABI major \(found), this Weir has \(wanted): compile it again with this Weir's headers"
    case .otherDraft(let found, let host): "was compiled for ABI \(found), this Weir has \(host); before 1.0 they must be the same: compile it again"
    case .tooNew(let needs, let host): "needs Weir ABI \(needs), this is \(host)"
    case .noComponents(let count): "has \(count) components; it must have one at least, and 64 at most"
    case .component(let name, let reason): "component \(name ?? "without a name") \(reason)"
    case .unknownKind(let name, let kind): "component \(name ?? "without a name") is of kind \(kind), which this Weir does not know"
    case .noneOfKind(let kind): "has no component that is a \(kind)"
    case .ambiguous(let names): "has several components: say which with 'component = \(names.joined(separator: " | "))'"
    case .create(let reason): "\(reason)"
    case .option(let reason): "\(reason)"
    case .faultyOption(_, let reason, _): "\(reason)"
    }
  }
}
