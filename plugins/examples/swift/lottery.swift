// SPDX-License-Identifier: MIT
// Refuses a message whose Subject has a certain word.

final class Filter: Stage {
  static let component = Component(
    "lottery", help: "refuses lotteries", events: .header, capabilities: .reject, traits: .decodedHeaders,
    options: [.string("word", default: "jackpot", help: "refuse a message with this word in its Subject")])

  private let word: String

  init(host: Host, options: Options) {
    word = options.string("word")
  }

  func handle(_ event: Event, _ context: Context) -> Verdict {  // HEADER only
    guard event.name.isEqual(to: "Subject"), event.value.contains(word) else { return .continue }
    return context.reject("No lotteries, please")
  }
}

private let plugin = Plugin(id: "org.example.lottery", version: "1", stages: [Filter.self])

@_cdecl("weir_plugin_v0") public func weirPlugin() -> Plugin.Descriptor? { plugin.descriptor }
