// SPDX-License-Identifier: Apache-2.0
import SQLiteTable
import WeirPlugin

private let plugin = Plugin(id: "weir.sqlite", version: "1", tables: [SQLiteTable.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
