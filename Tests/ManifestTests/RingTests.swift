// SPDX-License-Identifier: Apache-2.0
import Testing

/// The rings of docs/architecture.md, lowest first.
private let rings: [[String]] = [
  ["Bytes", "Diagnostics", "IDNA", "WeirPlugin"],
  ["SMTP", "Message", "Settings", "Tables", "Pipeline", "Queue", "Events", "Names", "Restrictions", "Import"],
  ["Runtime", "Spool", "Mailbox", "PluginHost", "Trace"],
  ["Delivery", "Server", "Daemon"],
  ["weir"],
]

/// Imports within a ring: Settings names tables, restrictions look into tables and ask for names, an import reads settings and tables; Runtime is the floor of ring 2, Daemon the roof of ring 3.
private let withinRing: [String: Set<String>] = [
  "Events": ["Queue"],
  "Pipeline": ["Message"],
  "Settings": ["Pipeline", "Restrictions", "Tables"],
  "Restrictions": ["Names", "SMTP", "Tables"],
  "Import": ["Settings", "Tables"],
  "Spool": ["Runtime"],
  "Mailbox": ["Runtime"],
  "Trace": ["Runtime"],
  "PluginHost": ["Runtime"],
  "Daemon": ["Delivery", "Server"],
]

/// Who may import each shim; CBytes is pure and for everyone.
private let shimImporters: [String: Set<String>] = [
  "CCharset": ["Message"],
  "CCurl": ["Runtime"],
  "CIDN2": ["IDNA"],
  "CLinux": ["Runtime"],
  "CPluginHost": ["PluginHost"],
  "CSandbox": ["Runtime"],
  "CSQLite": ["Trace"],
  "COpenSSL": ["Runtime"],
  "CUnbound": ["Runtime"],
  "CPCRE2": ["Tables"],
  "CRegex": ["Tables"],
  "CWeir": ["PluginHost", "WeirPlugin"],
]

private func ring(of module: String) -> Int? { rings.firstIndex { $0.contains(module) } }

@Suite struct RingTests {
  @Test func everyModuleIsInARing() throws {
    for target in try Manifest.current.get().targets where target.isSource {
      #expect(ring(of: target.name) != nil, "\(target.name) is in no ring: add it here and to docs/architecture.md")
    }
  }

  @Test func importsPointDownwards() throws {
    let shims = try Set(Manifest.current.get().targets.filter(\.isShim).map(\.name))
    for target in try Manifest.current.get().targets where target.isSource {
      for dependency in target.dependencies.map(\.name) where !shims.contains(dependency) {
        let below = (ring(of: dependency) ?? .max) < (ring(of: target.name) ?? .min)
        let beside = withinRing[target.name]?.contains(dependency) == true
        #expect(below || beside, "\(target.name) may not import \(dependency)")
      }
    }
  }

  @Test func shimsHaveTheirImporters() throws {
    let targets = try Manifest.current.get().targets
    for shim in targets where shim.isShim && shim.path.hasPrefix("Sources/") && shim.name != "CBytes" {
      let importers = targets.filter { $0.isSource && $0.dependencies.map(\.name).contains(shim.name) }.map(\.name)
      #expect(Set(importers).isSubset(of: shimImporters[shim.name] ?? []), "\(shim.name) is imported by \(importers)")
    }
  }

  @Test func sourcesDoNotDependOnTestSupport() throws {
    let targets = try Manifest.current.get().targets
    let outside = Set(targets.filter { !$0.path.hasPrefix("Sources/") }.map(\.name))
    for target in targets where target.path.hasPrefix("Sources/") {
      #expect(outside.isDisjoint(with: target.dependencies.map(\.name)), "\(target.name) depends on test code")
    }
  }

  /// All but the one that puts everything together, which Tests/EndToEnd plays.
  @Test func everyModuleHasATestTarget() throws {
    let targets = try Manifest.current.get().targets
    let tested = Set(targets.filter { $0.type == "test" }.flatMap { $0.dependencies.map(\.name) })
    for target in targets where target.isSource && target.type == "regular" && target.name != "Daemon" {
      #expect(tested.contains(target.name), "no test target depends on \(target.name)")
    }
  }
}
