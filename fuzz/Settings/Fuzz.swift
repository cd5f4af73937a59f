// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

/// A text as configuration, as the file that it includes, and as a table: nothing traps, every mistake can be shown, and what is accepted can
/// be listed and read again with the same result.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let facts = HostFacts(hostName: "mail.example.com")
  let files = MemoryFiles(bytes: ["/f": bytes, "/t": bytes, "/m": Array("include f\nvirtual_mailbox_maps = hash:/t\nmynetworks = /f\n".utf8)])
  let whole = Configuration.load(path: "/f", files: files, facts: facts)
  _ = CheckReport(whole, name: "f", isColored: true)
  precondition((whole.configuration == nil) == whole.diagnostics.hasErrors)
  _ = CheckReport(Configuration.load(path: "/m", files: files, facts: facts), name: "m")
  // A line that is ignored may refer to a name that is then nobody's.
  if let configuration = whole.configuration, whole.diagnostics.isEmpty { checkListing(configuration, files, facts) }
  checkEdits(files)
  return 0
}

/// A setting that was set has that value, one that was taken out is gone, whatever the text around it.
private func checkEdits(_ files: MemoryFiles) {
  for (name, value) in [("myhostname", "edited.example.com"), ("smtp/smtpd_banner", "\"a # b"), ("mydestination", "a,\n b")] {
    guard let place = SettingPlace(name) else { fatalError("no place") }
    var editor = ConfigurationEditor(path: "/f", files: files)
    guard (try? editor.perform(.set(place, value))) != nil else { continue }
    _ = Configuration.load(path: "/f", files: editor.files, facts: HostFacts(hostName: "mail.example.com"))
    guard (try? editor.perform(.remove(place))) != nil else { continue }
    precondition((try? editor.perform(.remove(place))) == nil, "still there after it was removed")
    _ = editor.changes
  }
}

/// What `weir config -n` prints means the same when it is read.
private func checkListing(_ configuration: Configuration, _ files: MemoryFiles, _ facts: HostFacts) {
  let listing = ConfigurationListing(configuration).text(.set)
  // In a block, single quotes say that `$` means itself; the listing has none.
  guard !listing.contains("#"), !listing.contains("listener "), !listing.contains("protocol ") else { return }
  let again = Configuration.load(SourceText(name: "again", text: listing), files: files, facts: facts)
  guard let second = again.configuration else { fatalError("listing cannot be read:\n\(listing)") }
  let all = { ConfigurationListing($0, isExpanded: true).text(.all) }
  precondition(all(second) == all(configuration))
}
