// SPDX-License-Identifier: Apache-2.0
import CWeir
import Pipeline
import Runtime

/// A plugin file in this process, looked over before anything of it is used.
package struct Plugin: Sendable {
  package let path: String
  package let id: String
  package let version: String
  package let components: [Component]
  /// Components of kinds that this Weir does not know, and others that cannot be used, with the reason.
  package let refused: [PluginRefusal]

  package static let entry = "weir_plugin_v0"
  private static let maximumComponents = 64

  /// For a process that is to outlive the file. `isShipped`: it comes with this program, which has the libraries that it looks for.
  package static func copied(_ path: String, isShipped: Bool) throws(PluginRefusal) -> Plugin {
    try Plugin(path) { () throws(DynamicLibrary.Failure) in try DynamicLibrary(copyOf: path, hasAll: isShipped) }
  }

  /// Runs the constructors of the file: for files of unknown origin do it in a process that may die.
  package init(path: String) throws(PluginRefusal) {
    try self.init(path) { () throws(DynamicLibrary.Failure) in try DynamicLibrary(path: path) }
  }

  private init(_ path: String, _ load: () throws(DynamicLibrary.Failure) -> DynamicLibrary) throws(PluginRefusal) {
    self.path = path
    let library: DynamicLibrary
    do { library = try load() } catch { throw .notLoadable(error.description) }
    guard let symbol = library.symbol(Plugin.entry) else {
      let others = (1...9).map { "weir_plugin_v\($0)" }.filter { library.symbol($0) != nil }
      throw .noEntry(others.first)
    }
    let entry = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafePointer<weir_plugin>?).self)
    guard let raw = entry() else { throw .noDescriptor }
    try Plugin.checkVersion(raw)
    let descriptor = raw.pointee
    id = descriptor.id.map { String(cString: $0) } ?? ""
    version = descriptor.version.map { String(cString: $0) } ?? ""
    guard descriptor.n_components > 0, descriptor.n_components <= UInt64(Plugin.maximumComponents), let list = descriptor.components else {
      throw .noComponents(Int(clamping: descriptor.n_components))
    }
    var components: [Component] = []
    var refused: [PluginRefusal] = []
    for index in 0..<Int(descriptor.n_components) {
      do throws(PluginRefusal) {
        guard let component = list[index] else { throw .component(nil, "is missing: its pointer is NULL") }
        guard ComponentFacts.Kind(rawValue: component.pointee.kind) != nil else {
          throw .unknownKind(component.pointee.name.flatMap(Component.identifier), component.pointee.kind)
        }
        components.append(try Component(component))
      } catch {
        // What is of an unknown kind is left out; what is broken speaks against the whole file.
        guard case .unknownKind = error else { throw error }
        refused.append(error)
      }
    }
    guard !components.isEmpty else { throw refused.first ?? .noComponents(0) }
    self.components = components
    self.refused = refused
  }

  private static func checkVersion(_ raw: UnsafePointer<weir_plugin>) throws(PluginRefusal) {
    guard raw.pointee.magic == UInt32(WEIR_MAGIC) else { throw .wrongMagic(raw.pointee.magic) }
    let size = Int(raw.pointee.size)
    guard size >= MemoryLayout<weir_plugin>.size else { throw .tooSmall(size, MemoryLayout<weir_plugin>.size) }
    let host = (UInt32(WEIR_ABI_MAJOR), UInt32(WEIR_ABI_MINOR))
    let abi = (raw.pointee.abi >> 16, raw.pointee.abi & 0xffff)
    guard abi.0 == host.0 else { throw .otherMajor(found: abi.0, wanted: host.0) }
    let least = (raw.pointee.abi_min >> 16, raw.pointee.abi_min & 0xffff)
    guard least <= host else { throw .tooNew(needs: "\(least.0).\(least.1)", host: "\(host.0).\(host.1)") }
    // Before 1.0 nothing is promised: both sides must be of the same day.
    guard host.0 > 0 || abi.1 == host.1 else { throw .otherDraft(found: "0.\(abi.1)", host: "0.\(host.1)") }
  }

  /// The component that a stage, or a table, means: the one of that name, or the only one there is.
  package func component(_ name: String?, _ kind: ComponentFacts.Kind = .stage) throws(PluginRefusal) -> Component {
    let components = components.filter { $0.kind == kind }
    if let name, let found = components.first(where: { $0.name == name }) { return found }
    if components.count == 1, let only = components.first { return only }
    guard !components.isEmpty else { throw .noneOfKind(kind == .table ? "table" : "stage") }
    throw .ambiguous(components.map(\.name))
  }
}
