// SPDX-License-Identifier: Apache-2.0
import Runtime

/// What a newcomer sees first: the next line to type, and where to look then.
enum Greeting {
  static func text(_ setup: Setup, _ sockets: [ListeningSockets.Opened]) -> String {
    let target = sockets.first?.text ?? "127.0.0.1:2525"
    let (bold, plain) = Terminal.wantsColour(2) ? ("\u{1b}[1m", "\u{1b}[0m") : ("", "")
    return """

      \(bold)\(Product.name) is running.\(plain) Send it a message from another terminal:

        \(bold)swaks --server \(target) --to alice@demo.test --header 'Subject: Hello'\(plain)

      and find it in

        \(bold)\(setup.dataFolder)/mail/alice/new/\(plain)

      Ctrl-C stops it. This is the demo configuration: 'weir help' says how to use your own.


      """
  }
}
