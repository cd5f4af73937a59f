// SPDX-License-Identifier: Apache-2.0

/// How far the machine got with bytes of content.
package struct ContentProgress: Equatable, Sendable {
  /// So many of the bytes were content (or were swallowed). What is left are commands.
  package let consumed: Int
  /// What to do now that the content or the chunk is complete; nil while there is more to come.
  package let action: Action?
}
