// SPDX-License-Identifier: Apache-2.0

/// Characters that a reader takes for others: what file names are disguised with.
enum LookAlikes {
  /// Nobody sees it: marks of direction, zero-width characters, controls, fillers.
  static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 { return scalar.value < 0x20 || scalar.value == 0x7f }
    if scalar.properties.isDefaultIgnorableCodePoint { return true }
    switch scalar.properties.generalCategory {
    case .control, .format: return true
    default: return false
    }
  }

  /// What comes after it is shown in another order than it is stored.
  static func overridesDirection(_ scalar: Unicode.Scalar) -> Bool { scalar == "\u{202e}" || scalar == "\u{202d}" }

  static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r" || scalar.value == 0x2800
      || scalar.value > 0x7f && scalar.properties.isWhitespace
  }

  /// The ASCII character that it is another form of, which some programs take it for.
  static func compatible(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
    switch scalar.value {
    case 0xff01...0xff5e: Unicode.Scalar(scalar.value - 0xfee0)
    case 0x2024, 0xfe52, 0x3002, 0xff61, 0xa4f8, 0x0701, 0x0702: "."
    case 0x1d400...0x1d6a3: letter((scalar.value - 0x1d400) % 52)
    case 0x1d7ce...0x1d7ff: Unicode.Scalar(0x30 + (scalar.value - 0x1d7ce) % 10)
    case 0x24b6...0x24e9: letter((scalar.value - 0x24b6) % 52)
    case 0x249c...0x24b5: Unicode.Scalar(0x61 + scalar.value - 0x249c)
    case 0x1f110...0x1f129: Unicode.Scalar(0x61 + scalar.value - 0x1f110)
    case 0x1f130...0x1f149: Unicode.Scalar(0x61 + scalar.value - 0x1f130)
    case 0xfe56: "?"
    case 0xfe55: ":"
    case 0xfe68: "\\"
    case 0x2044, 0x2215: "/"
    default: nil
    }
  }

  /// The ASCII character that people take it for.
  static func similar(_ scalar: Unicode.Scalar) -> Unicode.Scalar? { compatible(scalar) ?? letters[scalar] }

  private static func letter(_ offset: UInt32) -> Unicode.Scalar? { Unicode.Scalar(offset < 26 ? 0x41 + offset : 0x61 + offset - 26) }

  /// Pairs: a letter of another script, and the Latin one that it looks like.
  static let letters: [Unicode.Scalar: Unicode.Scalar] = {
    let pairs =
      "аaеeоoрpсcуyхxѕsіiјjԁdԛqԝwһhӏlөoүyгrпnмmтtкkвbнhАAЕEОOРPСCУYХXЅSІIЈJТTКKВBНHМM"
      + "αaεeοoρpτtυuχxκkνvιiβbηnσoωwγyΑAΕEΟOΡPΤTΥYΧXΚKΝNΙIΒBΗHΜMΖZ"
      + "ⅹxⅰiⅼlⅽcⅾdⅿmⅤVⅩXⅬLⅭCⅮDⅯM×x✕x✖xℯeℓlℊgℴoⅇeⅆdⅈiⅉjɡgɑaıiȷjᴇeᴀaᴄcᴏoᴍmᴊjᴛtᴜuᴠvᴡwᴢzꜱsʙbʜhɪiʟlɴnʀrʏyᵉeˣxᵃaᵇbᵈdᵒoᵐmᵖpᶜcʲjˢsᵗt"
      + "օoսuցgհhոnѕsｅe"
    let scalars = Array(pairs.unicodeScalars)
    var map: [Unicode.Scalar: Unicode.Scalar] = [:]
    for index in stride(from: 0, to: scalars.count - 1, by: 2) { map[scalars[index]] = scalars[index + 1] }
    return map
  }()
}
