// SPDX-License-Identifier: Apache-2.0
import Runtime
import Spool

/// The content of a message of the spool.
struct SpooledMail: MailContent {
  let message: QueuedMessage

  var size: Int64 { message.size }

  func forEachBlock(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) -> Bool {
    var refusal: DiskError?
    do throws(SpoolError) {
      try message.forEachBlock { pieces throws(DiskError) in
        do throws(DiskError) {
          try body(pieces)
        } catch {
          refusal = error
          throw error
        }
      }
      return true
    } catch {
      if let refusal { throw refusal }
      return false
    }
  }
}
