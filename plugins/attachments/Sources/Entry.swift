// SPDX-License-Identifier: Apache-2.0
import AttachmentStage
import WeirPlugin

// Apart from the stage, so that one program can test several plugins: each has a symbol of this name.

private let plugin = Plugin(id: "weir.attachments", version: "1", stages: [Attachments.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
