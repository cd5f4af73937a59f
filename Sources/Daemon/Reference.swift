// SPDX-License-Identifier: Apache-2.0
import Settings

/// The pages made from the schema of settings: `weir reference PAGE`.
enum Reference {
  static let pages = ["markdown", "sample", "man"]

  static func text(_ page: String) -> String? {
    switch page {
    case "markdown": MarkdownReference().text
    case "sample": SampleReference().text
    case "man": ManualReference().text
    default: nil
    }
  }
}
