// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Import
import Settings

/// A text as main.cf, as master.cf, as dovecot.conf, and as a table: nothing traps, every line is accounted for, and what is written is sound.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  check(["/p/main.cf": bytes, "/p/master.cf": bytes, "/d/dovecot.conf": bytes])
  let main = Array("virtual_mailbox_domains = /t\nvirtual_mailbox_base = /m\nvirtual_mailbox_maps = hash:/t\n".utf8)
  check(["/p/main.cf": main, "/t": bytes, "/d/dovecot.conf": Array("!include /t\n".utf8)])
  return 0
}

private func check(_ files: [String: [UInt8]]) {
  let facts = HostFacts(hostName: "mail.example.com")
  let request = ImportRequest(postfixFolder: "/p", dovecotFolder: "/d", outputFolder: "/out")
  guard case .success(let result) = Importer.run(request, files: MemoryFiles(bytes: files), facts: facts) else { fatalError("not read") }
  let ledger = result.report.ledger
  for input in ledger.inputs {
    let lines = ledger.items.filter { $0.path == input.path }.reduce(into: Set<Int>()) { $0.formUnion($1.lines) }
    precondition(lines == Set(1..<(input.lineCount + 1)), "lines of \(input.path) are not accounted for")
  }
  _ = ImportSummary(result.report, folder: "/out", isColored: true).text
  var outputs = files
  for file in result.files { outputs["/out/" + file.path] = file.bytes }
  let loaded = Configuration.load(path: "/out/weir.conf", files: MemoryFiles(bytes: outputs), facts: facts)
  precondition(loaded.configuration != nil, CheckReport(loaded, name: "weir.conf").text)
}
