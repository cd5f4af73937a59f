// SPDX-License-Identifier: Apache-2.0
import SMTP
import Settings

extension EdgeConfiguration {
  init(_ listener: ListenerConfiguration, _ setup: Setup) {
    self.init()
    authorizedXclientHosts = setup.clients(listener[Keys.smtpdAuthorizedXclientHosts])
    authorizedXforwardHosts = setup.clients(listener[Keys.smtpdAuthorizedXforwardHosts])
  }
}
