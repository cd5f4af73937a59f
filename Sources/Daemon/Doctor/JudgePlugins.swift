// SPDX-License-Identifier: Apache-2.0

extension DoctorFacts {
  /// What the kernel and the users of this machine do against a plugin that means harm. It matters once there is a plugin in a worker.
  func judgePlugins() -> [Finding] { [judgeLandlock(), judgeSeccomp()] + judgeWorkerUser() }

  private var stages: String { confinement.stages.joined(separator: ", ") }

  private func judgeLandlock() -> Finding {
    let isNeeded = !confinement.stages.isEmpty
    let consequence =
      isNeeded ? "the plugins of \(stages) can read each file that their user can" : "a plugin in a worker could read each file that its user can"
    switch confinement.landlock {
    case .present(let version):
      return Finding(.plugins, .ok, "the kernel has Landlock (version \(version)): plugins in workers see only files that they were given")
    case .disabled:
      return Finding(
        .plugins, isNeeded ? .warning : .note, "Landlock is switched off in this kernel: \(consequence)",
        remedy: "add landlock to the list `lsm=` of the kernel's command line (what is on now: cat /sys/kernel/security/lsm)")
    case .missing:
      return Finding(
        .plugins, isNeeded ? .warning : .note, "this kernel has no Landlock: \(consequence)",
        remedy: "take a kernel of 5.13 or later with CONFIG_SECURITY_LANDLOCK; in a container, on its host")
    }
  }

  private func judgeSeccomp() -> Finding {
    if confinement.hasSeccomp { return Finding(.plugins, .ok, "the kernel has seccomp: plugins in workers have no system calls but harmless ones") }
    if confinement.stages.isEmpty { return Finding(.plugins, .note, "this kernel has no seccomp filters: no plugin can be run in a worker") }
    return Finding(
      .plugins, .problem, "this kernel has no seccomp filters: the plugins of \(stages) are not started, and so is Weir not",
      remedy: "take a kernel with CONFIG_SECCOMP_FILTER; or `mode = inprocess` for a plugin that is trusted with everybody's mail")
  }

  private func judgeWorkerUser() -> [Finding] {
    guard !confinement.stages.isEmpty else { return [] }
    switch confinement.user {
    case .same: return []
    case .own(let name): return [Finding(.plugins, .ok, "plugins in workers run as \(name)")]
    case .shared(let name):
      return [
        Finding(
          .plugins, .warning, "there is no user \(name), so plugins in workers run as the user that mail and keys belong to",
          remedy: "useradd --system --no-create-home --shell /usr/sbin/nologin \(name)")
      ]
    }
  }
}
