// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// `postqueue` and `mailq`.
enum PostQueue {
  static func run(_ words: [String]) -> Int32 {
    var configuration: String?
    var action: ((Options) -> Int32)?
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "-c": configuration = rest.popFirst()
      case "-v": break
      case "-p": action = list
      case "-j": action = listJSON
      case "-f": action = { flush($0) }
      case "-i":
        guard let id = rest.popFirst() else { return usage() }
        action = { flush($0, id: id) }
      case "-s":
        guard let site = rest.popFirst() else { return usage() }
        action = { flush($0, site: site) }
      default: return usage()
      }
    }
    return action?(CommandPlace.options(configuration)) ?? usage()
  }

  private static func usage() -> Int32 {
    Terminal.writeError("postqueue: fatal: usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site\n")
    return ExitStatus.usage
  }

  // MARK: Lists

  static func list(_ options: Options) -> Int32 {
    var listing = PostfixListing()
    let status = forEach(options) { Terminal.write($0.map { listing.text($0) }.joined()) }
    if status == ExitStatus.success { Terminal.write(listing.end) }
    return status
  }

  private static func listJSON(_ options: Options) -> Int32 {
    forEach(options) { Terminal.write($0.map { PostfixListing.json($0) + "\n" }.joined()) }
  }

  private static func forEach(_ options: Options, _ body: ([QueueEntry]) -> Void) -> Int32 {
    guard let pages = pages(options) else {
      Terminal.writeError("postqueue: fatal: Queue report unavailable - mail system is down\n")
      return ExitStatus.unavailable
    }
    guard let failure = pages.forEach(body) else { return ExitStatus.success }
    Terminal.writeError("postqueue: fatal: \(words(failure))")
    return failure.status
  }

  private static func pages(_ options: Options) -> QueuePages? {
    let place = CommandPlace(configuration: options.configuration)
    if let pages = QueuePages(publicFolder: place.publicFolder) { return pages }
    // Nobody has the queue: whom it belongs to may look for himself.
    guard let owner = try? LinuxDisk().status(place.queueFolder, at: nil).owner, [0, owner].contains(SystemUser.currentUID) else { return nil }
    return Launch.load(options).map { QueuePages($0) }
  }

  // MARK: Trying again

  static func flush(_ options: Options) -> Int32 { ask("flush", options) }
  static func flush(_ options: Options, id: String) -> Int32 { ask("flush \(id)", options) }
  static func flush(_ options: Options, site: String) -> Int32 { ask("flush-site \(site)", options) }

  private static func ask(_ line: String, _ options: Options) -> Int32 {
    let sockets = PublicQueue.sockets(in: CommandPlace(configuration: options.configuration).publicFolder)
    guard !sockets.isEmpty else {
      Terminal.writeError("postqueue: fatal: Cannot flush mail queue - mail system is down\n")
      return ExitStatus.unavailable
    }
    let answers = sockets.map { PublicQueue.ask(line, $0) }
    guard let failure = answers.first(where: { $0.status != ExitStatus.success }), answers.allSatisfy({ $0.status != ExitStatus.success }) else {
      return ExitStatus.success
    }
    Terminal.writeError("postqueue: fatal: \(words(failure))")
    return failure.status
  }

  /// What was answered, as this program says it.
  private static func words(_ answer: QueueAnswer) -> String {
    let text = String(decoding: answer.bytes, as: UTF8.self)
    return text.hasPrefix("weir: ") ? String(text.dropFirst(6)) : text
  }
}
