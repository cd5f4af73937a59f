// SPDX-License-Identifier: Apache-2.0

/// The name of a file as a system takes it that is asked to open it, and as people take it for.
package struct FileName: Equatable, Sendable {
  /// On one line, with `?` for what cannot be seen; at most 120 characters, of which the last ones are kept.
  package let shown: String
  /// What may be taken for its extension: in lower case, without blanks; `{…}` for a class of Windows.
  package let extensions: [String]
  /// Those before the last: of `a.exe.pdf` that is `exe`.
  package let inner: [String]
  /// Characters are in it that turn the order around in which it is shown.
  package let overridesDirection: Bool

  /// `bytes`: one value of a parameter.
  package init(_ bytes: [UInt8]) {
    let scalars = Array(String(decoding: bytes.suffix(1024), as: UTF8.self).unicodeScalars)
    shown = Self.shown(scalars)
    overridesDirection = scalars.contains { LookAlikes.overridesDirection($0) }
    var collected = Collected()
    collected.add(Self.text(scalars), minimum: 1)
    if scalars.contains(where: { $0.value > 0x7f }) {
      collected.add(Self.text(scalars) { LookAlikes.compatible($0) }, minimum: 1)
      collected.add(Self.text(scalars) { LookAlikes.similar($0) }, minimum: 3)
    }
    if let end = scalars.firstIndex(of: "\0") { collected.add(Self.text(Array(scalars[..<end])), minimum: 1) }
    (extensions, inner) = (collected.extensions, collected.inner)
  }

  /// Each way to read the value of a parameter: encoded words, equals signs or percent signs decoded, and as it is. The first is what most readers show.
  package static func readings(_ value: [UInt8]) -> [FileName] {
    var texts: [[UInt8]] = []
    func add(_ text: [UInt8]) { if !texts.contains(text) { texts.append(text) } }
    let isEncoded = value.contains(UInt8(ascii: "="))
    if isEncoded { add(value.withUnsafeBytes { EncodedWords.decoded($0) }) }
    add(value)
    if isEncoded {
      // A reader may not know the character set.
      add(value.withUnsafeBytes { EncodedWords.decoded($0, anyCharset: true) })
      add(ParameterReadings.percentDecoded(value, mark: UInt8(ascii: "=")))
    }
    for text in texts { add(ParameterReadings.percentDecoded(text)) }
    return texts.map { FileName($0) }
  }

  // MARK: Text

  private static func shown(_ scalars: [Unicode.Scalar]) -> String {
    let text = scalars.suffix(120).map { LookAlikes.isBlank($0) ? " " : LookAlikes.isInvisible($0) ? "?" : $0 == "\"" ? "'" : $0 }
    let trimmed = text.drop { $0 == " " }
    return String(String.UnicodeScalarView(trimmed.reversed().drop { $0 == " " }.reversed()))
  }

  private static func text(_ scalars: [Unicode.Scalar], _ replacement: (Unicode.Scalar) -> Unicode.Scalar? = { _ in nil }) -> [Unicode.Scalar] {
    scalars.compactMap { scalar in
      if LookAlikes.isBlank(scalar) { return " " }
      if LookAlikes.isInvisible(scalar) { return nil }
      return scalar.value > 0x7f ? replacement(scalar) ?? scalar : scalar
    }
  }

  // MARK: Extensions

  private struct Collected {
    var extensions: [String] = []
    var inner: [String] = []

    /// `minimum`: shorter extensions are not taken; a short word of another script looks like many things.
    mutating func add(_ text: [Unicode.Scalar], minimum: Int) {
      let path = Self.trimmed(text)
      let base = path.lastIndex { $0 == "/" || $0 == "\\" }.map { path[($0 + 1)...] } ?? path
      take(base, minimum)
      // Windows: `name:stream:type`; the file itself is what is before.
      if let colon = base.firstIndex(of: ":") {
        take(Self.trimmed(Array(base[..<colon])), minimum)
        let rest = base[(colon + 1)...]
        take(Self.trimmed(Array(rest.prefix { $0 != ":" })), minimum)
      }
    }

    private mutating func take(_ base: ArraySlice<Unicode.Scalar>, _ minimum: Int) {
      let words = base.split(separator: ".", omittingEmptySubsequences: false)
      guard words.count > 1, let last = words.last else { return }
      append(last, to: \.extensions, minimum)
      for word in words.dropFirst().dropLast() { append(word, to: \.inner, minimum) }
    }

    private mutating func append(_ word: ArraySlice<Unicode.Scalar>, to list: WritableKeyPath<Collected, [String]>, _ minimum: Int) {
      let text = String(String.UnicodeScalarView(word.filter { $0 != " " })).lowercased()
      guard text.utf8.count >= minimum, text.utf8.count <= 64, !self[keyPath: list].contains(text), self[keyPath: list].count < 32 else { return }
      self[keyPath: list].append(text)
    }

    /// Systems and readers drop these at the end.
    private static func trimmed(_ text: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar> {
      let dropped: Set<Unicode.Scalar> = [" ", ".", "\"", "'", "`", "/", "\\", ";", ",", ")", "]", ">", "’", "”", "«", "»"]
      var end = text.count
      while end > 0, dropped.contains(text[end - 1]) { end -= 1 }
      return text[..<end]
    }
  }
}
