// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let stages = Area(
    "Stages", "Plugins that look at every message: `stage NAME { plugin = … }`, in the order in which they stand.",
    [Keys.pluginDirectory, Keys.workerUser, Keys.authservId])
}

extension Keys {
  package static let pluginDirectory = Key.path(
    "plugin_directory", "/usr/local/lib/weir/plugins", Traits(origin: .weir), example: "/srv/weir/plugins",
    """
    Where `plugin = NAME` in a `stage` block is looked for, as NAME.so, after the folder of the plugins that come with Weir. A path with a slash is taken as it is. \
    Started as root, Weir takes no plugin that others than root could have written.
    """)

  package static let workerUser = Key.text(
    "worker_user", "weir-worker", Traits(origin: .weir), example: "nobody",
    """
    The user that plugins in workers run as when Weir is started as root. Whatever a plugin is to read, the `.so` and files that its options name, must be \
    readable for this user. Where the default one is not there, workers run as `mail_owner`, and the log says so.
    """)

  package static let authservId = Key.text(
    "authserv_id", "$myhostname", Traits(origin: .weir), example: "example.org",
    """
    The name under which Weir tells in an `Authentication-Results` field what its stages found out (RFC 8601). Fields that come in under this name are \
    forgeries and are taken out where there are stages that look at messages.
    """)
}
