// SPDX-License-Identifier: Apache-2.0
//
// What stages may see and say, as values: events, verdicts, edits, the header that is being edited, conditions.
//
// Who calls a stage (PluginHost) turns C into these values and back; who runs the session (Server) performs what comes out. Nothing here knows
// whether a stage is in this process or in another.
