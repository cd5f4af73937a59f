// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// `make fuzz` sets WEIR_FUZZ: every module is then built for libFuzzer and AddressSanitizer, and the folders of fuzz/ are programs.
let fuzzing = Context.environment["WEIR_FUZZ"] != nil
let sanitized = Context.environment["WEIR_SANITIZED"] != nil
let instrumentation: [SwiftSetting] = fuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : []

/// The rings of docs/architecture.md. Imports point downwards only; Tests/ManifestTests asserts it.
let common: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
  ] + instrumentation

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: common)
}

func support(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: common)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: common)
}

/// A plugin that Weir ships, in Swift: a dynamic library that shows one symbol. Its tests are beside it.
///
/// The program of all tests is linked with these flags, too. There the script would hide the sanitizers' malloc from the Swift runtime: WEIR_SANITIZED leaves it out.
func plugin(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies + ["WeirPlugin"], path: "plugins/\(pluginProducts[name] ?? name)/Sources", swiftSettings: common,
    linkerSettings: [
      .unsafeFlags(
        (sanitized ? [] : ["-Xlinker", "--version-script=\(Context.packageDirectory)/plugins/exports.map"]) + ["-Xlinker", "-rpath=$ORIGIN/.."])
    ])
}

/// What each plugin's library is called, and its folder.
let pluginProducts = ["Attachments": "attachments", "BodyChecks": "body_checks", "HeaderChecks": "header_checks", "SQLite": "sqlite"]

func pluginTests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: dependencies + [.byName(name: name)], path: "plugins/\(pluginProducts[name] ?? name)/Tests",
    exclude: exclude, swiftSettings: common)
}

func shim(_ name: String, link libraries: [String] = []) -> Target {
  .target(
    name: name, path: "Sources/Shims/\(name)", publicHeadersPath: "include",
    cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
    linkerSettings: libraries.map { .linkedLibrary($0) })
}

let package = Package(
  name: "weir",
  products: [.executable(name: "weir", targets: ["weir"])]
    + pluginProducts.sorted { $0.key < $1.key }.map { .library(name: $0.value, type: .dynamic, targets: [$0.key]) },
  targets: [
    // Shims: what Swift cannot import by itself.
    shim("CArchive", link: ["archive"]),
    shim("CBytes"),
    shim("CCharset"),
    // libcurl is loaded when it is wanted: see its header.
    shim("CCurl"),
    shim("CIDN2", link: ["idn2"]),
    shim("CLinux"),
    shim("CPCRE2", link: ["pcre2-8"]),
    shim("CPluginHost"),
    shim("CRegex"),
    shim("CSandbox", link: ["seccomp"]),
    shim("CSQLite", link: ["sqlite3"]),
    shim("COpenSSL", link: ["ssl", "crypto"]),
    shim("CUnbound", link: ["unbound"]),
    shim("CWeir"),

    // Ring 0
    module("Bytes", ["CBytes"]),
    module("Diagnostics"),
    module("IDNA", ["CIDN2"]),

    // The face of include/weir for plugins in Swift; nothing of Weir uses it but plugins.
    module("WeirPlugin", ["CWeir"]),

    // Ring 1: pure
    module("Pipeline", ["Bytes", "Message"]),
    module("SMTP", ["Bytes", "IDNA"]),
    module("Message", ["Bytes", "CBytes", "CCharset"]),
    module("Settings", ["Bytes", "Diagnostics", "IDNA", "Pipeline", "Restrictions", "Tables"]),
    module("Import", ["Bytes", "Diagnostics", "Settings", "Tables"]),
    module("Tables", ["Bytes", "CBytes", "CPCRE2", "CRegex", "Diagnostics", "IDNA"]),
    module("Queue", ["Bytes"]),
    module("Events", ["Bytes", "Queue"]),
    module("Names", ["Bytes"]),
    module("Restrictions", ["Bytes", "Diagnostics", "Names", "SMTP", "Tables"]),

    // Ring 2: performs
    module("Runtime", ["Bytes", "CCurl", "CLinux", "COpenSSL", "CSandbox", "CUnbound", "Events", "Names", "Queue"]),
    module("Spool", ["Bytes", "Queue", "Runtime"]),
    module("Mailbox", ["Bytes", "Runtime"]),
    module("Trace", ["Bytes", "CSQLite", "Events", "Queue", "Runtime"]),
    module("PluginHost", ["Bytes", "CPluginHost", "CWeir", "Diagnostics", "Message", "Names", "Pipeline", "Runtime", "Tables"]),

    // Ring 3: puts together
    module(
      "Delivery",
      ["Bytes", "Events", "IDNA", "Mailbox", "Message", "Names", "PluginHost", "Queue", "Restrictions", "Runtime", "SMTP", "Spool", "Tables"]),
    module("Server", ["Bytes", "Events", "Message", "Names", "Pipeline", "PluginHost", "Queue", "Restrictions", "Runtime", "SMTP", "Spool"]),
    module(
      "Daemon",
      [
        "Bytes", "Delivery", "Diagnostics", "Events", "Import", "Mailbox", "Message", "Names", "Pipeline", "PluginHost", "Queue", "Restrictions",
        "Runtime",
        "SMTP",
        "Server", "Settings", "Spool", "Tables", "Trace",
      ]),

    // Ring 4: the command
    .executableTarget(
      name: "weir", dependencies: ["Daemon", "Diagnostics", "Queue", "Runtime", "Settings", "Spool"], path: "Sources/weir",
      swiftSettings: common),

    // Plugins that Weir ships
    plugin("Attachments", ["AttachmentStage"]),
    .target(
      name: "AttachmentStage", dependencies: ["CArchive", "Message", "WeirPlugin"], path: "plugins/attachments/Stage", swiftSettings: common),
    plugin("BodyChecks", ["Message", "Rules", "Tables"]),
    plugin("HeaderChecks", ["Diagnostics", "Message", "Rules", "Tables"]),
    plugin("SQLite", ["SQLiteTable"]),
    .target(
      name: "SQLiteTable", dependencies: ["CSQLite", "WeirPlugin"], path: "plugins/sqlite/Table",
      // Its fuzz target looks inside.
      swiftSettings: common + (fuzzing ? [.unsafeFlags(["-enable-testing"])] : [])),
    .target(name: "Rules", dependencies: ["Diagnostics", "Tables", "WeirPlugin"], path: "plugins/rules/Sources", swiftSettings: common),

    // Test support: the embedded twins of Runtime
    support("TranscriptPlayer", ["Bytes", "Diagnostics", "Names", "Restrictions", "SMTP", "Tables"]),
    support("Embedded", ["Bytes", "Names", "Runtime"]),

    .target(name: "CGlobalExecutor", dependencies: ["CLinux"], path: "Tests/CGlobalExecutor"),

    // Tests
    tests("PipelineTests", ["Pipeline"]),
    tests("PluginHostTests", ["Bytes", "CWeir", "Diagnostics", "Embedded", "Names", "Pipeline", "PluginHost", "Runtime", "Tables"]),
    tests("QueueTests", ["Bytes", "Queue"]),
    tests("EventsTests", ["Bytes", "Events", "Queue"]),
    tests("TraceTests", ["Bytes", "Daemon", "Events", "Names", "Queue", "Runtime", "Trace"]),
    tests("SpoolTests", ["Bytes", "Embedded", "Queue", "Runtime", "Spool"]),
    tests("Crash", ["Bytes", "Delivery", "Embedded", "Mailbox", "Message", "Queue", "Runtime", "Spool"]),
    tests("BytesTests", ["Bytes"]),
    tests("IDNATests", ["IDNA"]),
    tests("SMTPTests", ["Bytes", "SMTP", "TranscriptPlayer"]),
    tests("MessageTests", ["Message"]),
    tests("UsersTests", ["Runtime"]),
    tests("WeirPluginTests", ["CWeir", "WeirPlugin"]),
    tests("MailboxTests", ["Mailbox", "Runtime"]),
    tests("TLSTests", ["Bytes", "COpenSSL", "Runtime"]),
    tests(
      "DeliveryTests",
      [
        "Bytes", "Delivery", "Diagnostics", "Embedded", "Events", "Mailbox", "Message", "Names", "Queue", "Restrictions", "Runtime", "SMTP", "Spool",
        "Tables",
      ]),
    tests("ManifestTests", []),
    tests("NamesTests", ["Bytes", "Names"]),
    tests("DoctorTests", ["Bytes", "Daemon", "Names", "Runtime"]),
    tests("ResolveTests", ["Bytes", "Embedded", "Names", "Runtime"]),
    tests("ServerTests", ["Bytes", "Embedded", "Message", "Names", "Queue", "Restrictions", "Runtime", "Server", "SMTP", "Spool"]),
    tests("RuntimeTests", ["Bytes", "CGlobalExecutor", "Embedded", "Events", "Queue", "Runtime"]),
    .testTarget(
      name: "AttachmentsTests", dependencies: ["AttachmentStage", "CWeir", "Message", "Pipeline", "PluginHost", "WeirPlugin"],
      path: "plugins/attachments/Tests", exclude: ["corpus", "make_corpus.py"], swiftSettings: common),
    pluginTests("HeaderChecks", ["CWeir", "Diagnostics", "Rules", "Tables", "WeirPlugin"], exclude: ["agreement.txt"]),
    .testTarget(name: "SQLiteTableTests", dependencies: ["SQLiteTable"], path: "plugins/sqlite/Tests", swiftSettings: common),
    tests("DiagnosticsTests", ["Diagnostics"]),
    tests("ImportTests", ["Diagnostics", "Import", "Settings"], exclude: ["Fixtures"]),
    tests("SettingsTests", ["Bytes", "Diagnostics", "Settings", "Tables"], exclude: ["Fixtures", "Names"]),
    tests("TablesTests", ["Bytes", "CBytes", "Diagnostics", "Tables"]),
    tests("RestrictionsTests", ["Bytes", "Diagnostics", "Names", "Restrictions", "SMTP", "Tables"]),
  ],
  swiftLanguageModes: [.v6]
)

/// The fuzz targets: a folder of fuzz/ each, and what it imports.
let fuzzers: [(name: String, dependencies: [Target.Dependency])] = [
  ("Attachments", ["Message"]),
  ("Import", ["Diagnostics", "Import", "Settings"]),
  ("Message", ["Message"]),
  ("NameRecord", ["Names"]),
  ("ProxyHeader", ["Bytes", "SMTP"]),
  ("Settings", ["Diagnostics", "Settings"]),
  ("SMTPClient", ["Bytes", "SMTP"]),
  ("SMTPCommand", ["Bytes", "SMTP"]),
  ("SMTPSession", ["Bytes", "SMTP", "TranscriptPlayer"]),
  ("SpoolRecord", ["Queue"]),
  ("SQLite", ["CSQLite", "SQLiteTable"]),
  ("Tables", ["Diagnostics", "Tables"]),
  ("WorkerFrame", ["Pipeline"]),
]

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "Fuzz\(name)", dependencies: dependencies + ["FuzzDriver"], path: "fuzz/\(name)",
    swiftSettings: common + [.unsafeFlags(["-parse-as-library"])],
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])])
}

/// `bench/tables` sets WEIR_BENCH.
if Context.environment["WEIR_BENCH"] != nil {
  func bench(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
      name: name, dependencies: dependencies, path: "bench/\(name)", swiftSettings: common + [.unsafeFlags(["-parse-as-library"])])
  }
  package.targets += [
    bench("TableLookups", ["Diagnostics", "Runtime", "Tables"]),
    bench("DeferredQueue", ["Bytes", "Queue", "Runtime", "Spool"]),
    bench("StageCosts", ["Names", "Pipeline", "PluginHost", "Runtime"]),
    bench("RestrictionCosts", ["Bytes", "Diagnostics", "Restrictions", "Runtime", "SMTP", "Tables"]),
  ]
}

if fuzzing {
  let entries = fuzzers.map { "E(\($0.name))" }.joined(separator: " ")
  package.targets.append(
    .target(name: "FuzzDriver", path: "fuzz/Driver", publicHeadersPath: "include", cSettings: [.define("FUZZERS", to: entries)]))
  package.targets += fuzzers.map { fuzzer($0.name, $0.dependencies) }
}
