// SPDX-License-Identifier: Apache-2.0
import Message

/// What `default` stands for in the lists. docs/attachments.md has them, too.
enum DefaultLists {
  /// By reason: what opens as a program, or makes one run, when somebody opens it.
  private static let groups: [(reason: String, words: String)] = [
    (
      "program",
      """
      386 air apk app appimage application appref-ms appx appxbundle ax class com cpl dll drv dylib elf ex_ exe gadget ipa jar jnlp kext msc msix \
      msixbundle mui ocx pif ppam run scr so sys vxd wll xll xpi
      """
    ),
    (
      "script",
      """
      action ahk applescript au3 bash bat btm cmd command csh fish hta inf ins isp jse js jscript ksh mjs msh msh1 msh1xml msh2 msh2xml mshxml mst nsh \
      ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 py pyc pyo pyw pyz pyzw reg scpt scptd sct sh shb shs vb vbe vbs vbscript workflow ws wsc wsf wsh zsh
      """
    ),
    (
      "shortcut",
      """
      desktop diagcab fileloc inetloc library-ms lnk rdp scf search-ms searchconnector-ms settingcontent-ms themepack url webloc website
      """
    ),
    ("installer", "deb flatpak flatpakref mpkg msi msp msu pkg rpm udeb"),
    ("help file", "chm hlp"),
    (
      "macros",
      """
      accda accdb accde accdr ade adp dotm docm dqy iqy mam mda mdb mde mdt mdw mdz oqy potm ppsm pptm rqy sldm slk xlam xlm xlsm xltm
      """
    ),
    ("disk image", "dmg img iso mdf nrg toast udf vdi vhd vhdx vmdk wim"),
    ("OneNote notebook", "one onepkg onetoc onetoc2"),
    ("archive that cannot be looked into", "ace arj zoo zpaq"),
    ("class of Windows", "{clsid}"),
    ("system file", "cnt fxp grp hpj isu mag maf maq mar mas mav maw mcf plg prg vsmacros vsw xnk"),
  ]

  static let extensions: [String: String] = {
    var found: [String: String] = [:]
    for group in groups { for word in group.words.split(whereSeparator: { $0 == " " || $0 == "\n" }) { found[String(word)] = group.reason } }
    return found
  }()

  static let types: [String: String] = [
    "pe": "program", "elf": "program", "mach-o": "program", "java": "program", "dex": "program", "script": "script", "windows-script": "script",
    "shortcut": "shortcut", "macro": "macros", "installer": "installer", "help": "help file", "onenote": "OneNote notebook",
    "disk-image": "disk image",
  ]

  static let typeWords: Set<String> = Set(types.keys).union(["zip", "archive", "compressed", "compound", "tnef"])

  static let mimeTypes: [String: String] = [
    "application/x-msdownload": "program", "application/x-msdos-program": "program", "application/x-dosexec": "program", "application/exe": "program",
    "application/x-exe": "program", "application/x-executable": "program", "application/x-elf": "program", "application/x-mach-binary": "program",
    "application/vnd.microsoft.portable-executable": "program", "application/x-ms-shortcut": "shortcut", "application/x-msi": "installer",
    "application/hta": "script", "application/x-vbs": "script", "text/vbscript": "script", "application/x-bat": "script",
    "application/x-shellscript": "script",
    "application/java-archive": "program", "application/x-java-archive": "program", "application/x-java-jnlp-file": "program",
    "message/partial": "a message in pieces",
  ]
}
