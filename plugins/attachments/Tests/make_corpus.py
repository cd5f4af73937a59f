#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes corpus/*.eml: messages with a program in disguise, and innocent ones. The field X-Expect of each says what the stage must find with its
default options: a rule, such as `refuse_extensions: exe`, or `pass`. Nothing here does anything: the programs are a few bytes of a header.

7z and zip (for the encrypted archives) come from Debian's packages 7zip and zip. Run it without arguments; the files are kept in git."""
import base64
import binascii
import bz2
import gzip
import io
import lzma
import os
import quopri
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
PE = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8" + bytes(47)
ELF = b"\x7fELF\x02\x01\x01" + bytes(57)
TEXT = b"Nothing happens here.\n"
EXE = "refuse_extensions: exe"

files = {}


def b64(data):
    return base64.encodebytes(data).decode()


def message(fields, body):
    head = "From: Alice <alice@example.org>\nTo: bob@example.com\nSubject: a test\nDate: Sat, 21 Nov 2026 12:00:00 +0000\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n"
    return (head + fields).encode("utf-8", "surrogateescape") + b"\n" + (body if isinstance(body, bytes) else body.encode("utf-8", "surrogateescape"))


def mixed(*parts, boundary="b1", kind="multipart/mixed", head=None, end="--"):
    body = "A text before.\n" + "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}{end}\n"
    return message(head or f'Content-Type: {kind}; boundary="{boundary}"\n', body)


def part(fields, data=PE, encoding="base64"):
    content = b64(data) if encoding == "base64" else data.decode("utf-8", "surrogateescape")
    cte = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"{fields}{cte}\n{content}"


WORDS = part("Content-Type: text/plain; charset=utf-8\n", b"Hello Bob,\nhere is the file.\n", "7bit")


def add(name, expect, data):
    files[name] = data.replace(b"Subject: a test\n", f"Subject: {name}\nX-Expect: {expect}\n".encode(), 1)


def disposition(name, value, expect=EXE, data=TEXT, type="application/octet-stream"):
    """A part whose Content-Disposition is this."""
    add(name, expect, mixed(WORDS, part(f"Content-Type: {type}\nContent-Disposition: {value}\n", data)))


def ctype(name, value, expect=EXE, data=TEXT):
    add(name, expect, mixed(WORDS, part(f"Content-Type: {value}\n", data)))


def attached(name, file, data, expect, type="application/octet-stream"):
    disposition(name, f'attachment; filename="{file}"', expect, data, type)


# Archives

def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in entries:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = method
            file.writestr(info, data)
    return out.getvalue()


def tarred(*entries, format=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as file:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tool(arguments, entries, out):
    with tempfile.TemporaryDirectory() as folder:
        for name, data in entries:
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            os.utime(path, (1767225600, 1767225600))
        subprocess.run([*arguments, out, *(name for name, _ in entries)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, out), "rb") as file:
            return file.read()


def seven(*entries, options=()):
    return tool(["7z", "a", "-bd", *options], entries, "a.7z")


def locked_zip(*entries):
    return tool(["zip", "-q", "-X", "-P", "secret"], entries, "a.zip")


def rar4(name, data):
    crc = lambda header: struct.pack("<H", binascii.crc32(header) & 0xffff) + header
    main = crc(struct.pack("<BHH", 0x73, 0, 13) + bytes(6))
    head = struct.pack("<BHHIIBIIBBHI", 0x74, 0x8000, 32 + len(name), len(data), len(data), 2, binascii.crc32(data), 0x5a210000, 29, 0x30, len(name), 0x20)
    return b"Rar!\x1a\x07\0" + main + crc(head + name) + data + crc(struct.pack("<BHH", 0x7b, 0x4000, 7))


def rar5(name, data):
    def block(body):
        body = bytes([len(body)]) + body
        return struct.pack("<I", binascii.crc32(body)) + body
    file = bytes([2, 2, len(data), 4, len(data), 0x20]) + struct.pack("<I", binascii.crc32(data)) + bytes([0, 1, len(name)]) + name
    return b"Rar!\x1a\x07\x01\0" + block(bytes([1, 0, 0])) + block(file) + data + block(bytes([5, 0, 0]))


def cab(name, data):
    file = struct.pack("<IIHHHH", len(data), 0, 0, 0x5c21, 0, 0x20) + name + b"\0"
    block = struct.pack("<IHH", 0, len(data), len(data)) + data
    folders = 36 + 8
    offset = folders + len(file)
    return struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, offset + len(block), 0, folders, 0, 3, 1, 1, 1, 0, 0, 0) + struct.pack("<IHH", offset, 1, 0) + file + block


def lha(name, data):
    rest = b"-lh0-" + struct.pack("<IIIBBB", len(data), len(data), 0x5c210000, 0x20, 0, len(name)) + name + struct.pack("<H", crc16(data))
    return bytes([len(rest), sum(rest) & 255]) + rest + data + b"\0"


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xa001 if crc & 1 else 0)
    return crc


def iso(name, data):
    both = lambda n: struct.pack("<I", n) + struct.pack(">I", n)
    def record(ident, sector, size, flags):
        body = b"\0" + both(sector) + both(size) + bytes([126, 1, 1, 0, 0, 0, 0, flags, 0, 0]) + b"\1\0\0\1" + bytes([len(ident)]) + ident
        body += b"" if len(body) % 2 else b"\0"
        return bytes([len(body) + 1]) + body
    sector = lambda data: data.ljust(2048, b"\0")
    root = record(b"\0", 19, 2048, 2)
    volume = b"\1CD001\1\0" + b" " * 32 + b"DISK".ljust(32) + bytes(8) + both(21) + bytes(32) + b"\1\0\0\1" * 2 + b"\0\x08\x08\0" + both(10)
    volume += struct.pack("<II", 18, 0) + struct.pack(">II", 18, 0) + root
    listing = root + record(b"\1", 19, 2048, 2) + record(name + b";1", 20, len(data), 0)
    path = b"\1\0" + struct.pack("<IH", 19, 1) + b"\0\0"
    return bytes(32768) + sector(volume) + sector(b"\xffCD001\1") + sector(path) + sector(listing) + sector(data)


def cpio(name, data):
    def entry(name, data, mode):
        head = b"070701" + b"".join(b"%08x" % n for n in (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)) + name + b"\0"
        head += bytes(-len(head) % 4)
        return head + data + bytes(-len(data) % 4)
    return entry(name, data, 0o100644) + entry(b"TRAILER!!!", b"", 0)


def compound(*names, root=bytes(16)):
    """A compound file with nothing in it but these entries."""
    def entry(name, kind, identity=bytes(16)):
        text = name.encode("utf-16le") + b"\0\0"
        return text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, 0xffffffff, 0xffffffff, 0xffffffff) + identity + bytes(20) + struct.pack("<III", 0xfffffffe, 0, 0)
    entries = [entry("Root Entry", 5, root)] + [entry(name, 1) for name in names]
    directory = b"".join(entries).ljust((len(entries) + 3) // 4 * 512, b"\0")
    sectors = len(directory) // 512
    fat = [0xfffffffd] + [index + 2 for index in range(sectors - 1)] + [0xfffffffe]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3e, 3, 0xfffe, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xfffffffe, 0, 0xfffffffe, 0) + struct.pack("<109I", 0, *[0xffffffff] * 108)
    return head + struct.pack("<128I", *fat, *[0xffffffff] * (128 - len(fat))) + directory


def tnef(name, data, long_name=None):
    def attribute(level, kind, value):
        return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xffff)
    out = struct.pack("<IH", 0x223e9f78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
    out += attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, name + b"\0") + attribute(2, 0x0006800f, data)
    if long_name:
        text = long_name.encode("utf-16le") + b"\0\0"
        text_padded = text + bytes(-len(text) % 4)
        out += attribute(2, 0x00069005, struct.pack("<IIII", 1, 0x3707001f, 1, len(text)) + text_padded)
    return out


OFFICE = [("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")]


# Names

def names():
    disposition("plain", 'attachment; filename="virus.exe"')
    disposition("upper-case", 'attachment; filename="VIRUS.EXE"')
    disposition("unquoted", "attachment; filename=virus.exe")
    disposition("folded", 'attachment;\n\tfilename="virus.exe"')
    disposition("folded-inside-name", 'attachment; filename="virus.\n exe"')
    ctype("content-type-name", 'application/octet-stream; name="virus.exe"')
    add("names-differ-type-first", EXE, mixed(WORDS, part('Content-Type: application/pdf; name="virus.exe"\nContent-Disposition: attachment; filename="a.pdf"\n', TEXT)))
    add("names-differ-disposition", EXE, mixed(WORDS, part('Content-Type: application/pdf; name="a.pdf"\nContent-Disposition: attachment; filename="virus.exe"\n', TEXT)))
    disposition("rfc2231-continued", 'attachment; filename*0="virus"; filename*1=".exe"')
    disposition("rfc2231-unordered", 'attachment; filename*1=".exe"; filename*0="virus"')
    disposition("rfc2231-charset", "attachment; filename*=utf-8''virus%2Eexe")
    disposition("rfc2231-charset-continued", "attachment; filename*0*=utf-8''vir%75s; filename*1*=%2Ee; filename*2=xe")
    disposition("rfc2231-leading-zeros", 'attachment; filename*00="virus"; filename*01=".exe"')
    disposition("rfc2231-gap", 'attachment; filename*0="virus"; filename*3=".exe"')
    disposition("rfc2231-starts-at-one", 'attachment; filename*1="virus"; filename*2=".exe"')
    disposition("rfc2231-and-plain", "attachment; filename=\"a.txt\"; filename*=utf-8''virus.exe")
    disposition("rfc2231-plain-after", "attachment; filename*=utf-8''a.txt; filename=virus.exe")
    disposition("rfc2231-no-charset", "attachment; filename*=virus%2Eexe")
    disposition("rfc2231-quoted", "attachment; filename*=\"utf-8''virus%2Eexe\"")
    disposition("rfc2047-base64", 'attachment; filename="=?utf-8?B?%s?="' % base64.b64encode(b"virus.exe").decode())
    disposition("rfc2047-quoted", 'attachment; filename="=?iso-8859-1?Q?virus=2Eexe?="')
    disposition("rfc2047-two-words", 'attachment; filename="=?utf-8?Q?virus?= =?utf-8?Q?=2Eexe?="')
    disposition("rfc2047-unquoted", "attachment; filename==?utf-8?Q?virus=2Eexe?=")
    disposition("rfc2047-unknown-charset", 'attachment; filename="=?x-nobody?Q?virus=2Eexe?="')
    disposition("rfc2047-utf-16", 'attachment; filename="=?utf-16?B?%s?="' % base64.b64encode("virus.exe".encode("utf-16")).decode())
    disposition("rfc2047-utf-7", 'attachment; filename="=?utf-7?Q?virus+AC4-exe?="')
    disposition("rfc2231-with-rfc2047", 'attachment; filename*0="=?utf-8?Q?vir"; filename*1="us=2Eexe?="')
    disposition("unterminated-quote", 'attachment; filename="virus.exe')
    disposition("unterminated-quote-and-more", 'attachment; filename="virus.exe; size=3')
    disposition("text-after-quote", 'attachment; filename="virus".exe')
    disposition("quote-in-the-middle", 'attachment; filename=virus".exe"')
    disposition("single-quotes", "attachment; filename='virus.exe'")
    disposition("backslash-escapes", 'attachment; filename="virus\\.e\\xe"')
    disposition("backslash-path", 'attachment; filename="C:\\Temp\\virus.exe"')
    disposition("escaped-quote", 'attachment; filename="a\\"; filename=virus.exe; x="')
    disposition("duplicate-first", 'attachment; filename="virus.exe"; filename="a.txt"')
    disposition("duplicate-last", 'attachment; filename="a.txt"; filename="virus.exe"')
    disposition("comment-inside", "attachment; filename=virus(a comment).exe")
    disposition("comment-before", 'attachment; filename=(x)"virus.exe"')
    disposition("blanks-around-equals", 'attachment; filename \t=  "virus.exe"')
    disposition("no-semicolon", 'attachment filename="virus.exe"')
    disposition("upper-case-parameter", 'ATTACHMENT; FILENAME="virus.exe"')
    disposition("trailing-dot", 'attachment; filename="virus.exe."')
    disposition("trailing-dots-and-blanks", 'attachment; filename="virus.exe. . ."')
    disposition("trailing-nbsp", 'attachment; filename="virus.exe\u00a0\u3000"')
    disposition("blank-before-extension", 'attachment; filename="virus.pdf            .exe"')
    disposition("tab-inside", 'attachment; filename="virus.\texe"')
    disposition("nul-inside", 'attachment; filename="virus.e\0xe"')
    disposition("nul-cuts", 'attachment; filename="virus.exe\0.txt"')
    disposition("stream", 'attachment; filename="virus.exe::$DATA"')
    disposition("stream-of-text", 'attachment; filename="a.txt:virus.exe"')
    disposition("class-of-windows", 'attachment; filename="a.txt.{3050f4d8-98B5-11CF-BB82-00AA00BDCE0B}"', "refuse_extensions: {clsid}")
    disposition("right-to-left-override", 'attachment; filename="invoice\u202efdp.exe"')
    disposition("right-to-left-only", 'attachment; filename="invoice\u202eexe.pdf"', "reversed_names")
    disposition("bidi-isolate", 'attachment; filename="virus.\u2066exe\u2069"')
    disposition("zero-width", 'attachment; filename="virus.e\u200bx\ufeffe"')
    disposition("soft-hyphen", 'attachment; filename="virus.e\u00adxe"')
    disposition("fullwidth", 'attachment; filename="virus\uff0e\uff45\uff58\uff45"')
    disposition("fullwidth-two-letters", 'attachment; filename="virus.\uff4a\uff53"', "refuse_extensions: js")
    disposition("cyrillic-e", 'attachment; filename="virus.\u0435x\u0435"')
    disposition("cyrillic-whole", "attachment; filename*=utf-8''virus.%D0%B5%D1%85%D0%B5")
    disposition("cyrillic-windows-1251", "attachment; filename*=windows-1251''virus.%E5x%E5")
    disposition("greek-and-math", 'attachment; filename="virus.\U0001d41e\u03c7\U0001d41e"')
    disposition("one-dot-leader", 'attachment; filename="virus\u2024exe"')
    disposition("percent-encoded", 'attachment; filename="virus%2Eexe"')
    disposition("percent-encoded-nul", 'attachment; filename="virus.exe%00.txt"')
    disposition("equals-encoded", 'attachment; filename="virus=2Eexe"')
    disposition("double-extension", 'attachment; filename="report.pdf.exe"')
    disposition("very-long", 'attachment; filename="%s.exe"' % ("a" * 3000))
    disposition("screen-saver", 'attachment; filename="holiday.scr"', "refuse_extensions: scr")
    disposition("macro-document", 'attachment; filename="letter.docm"', "refuse_extensions: docm")
    disposition("many-names", "attachment; " + "; ".join(f'filename="{n}.txt"' for n in range(400)), "over_limit: names")
    add("two-dispositions", EXE, mixed(WORDS, part('Content-Disposition: attachment; filename="a.txt"\nContent-Disposition: attachment; filename="virus.exe"\n', TEXT)))
    ctype("mime-type", "application/x-msdownload", "refuse_mime_types: application/x-msdownload")
    ctype("mime-type-with-blanks", "application / x-msdownload (really)", "refuse_mime_types: application/x-msdownload")
    add("partial", "refuse_mime_types: message/partial", message('Content-Type: message/partial; id="1"; number=1; total=2\n', "From: x\n\nTVqQ\n"))
    add("root-is-attachment", EXE, message('Content-Type: application/octet-stream; name="virus.exe"\nContent-Transfer-Encoding: base64\n', b64(PE)))
    add("no-mime-version", EXE, mixed(WORDS, part('Content-Disposition: attachment; filename="virus.exe"\n')).replace(b"MIME-Version: 1.0\n", b""))


# Structure

def structure():
    bad = part('Content-Type: application/octet-stream; name="virus.exe"\n')
    head = lambda value: f"Content-Type: {value}\n"
    body = lambda boundary, tail="--": "--{0}\n{1}\n--{0}\n{2}\n--{0}{3}\n".format(boundary, WORDS, bad, tail)
    add("boundary-missing", EXE, message(head("multipart/mixed"), body("x")))
    add("boundary-wrong", EXE, message(head('multipart/mixed; boundary="y"'), body("x")))
    add("boundary-twice", EXE, message(head('multipart/mixed; boundary="y"; boundary="x"'), body("x")))
    add("boundary-continued", EXE, message(head('multipart/mixed; boundary*0="x"; boundary*1="yz"'), body("xyz")))
    add("boundary-unquoted-comment", EXE, message(head("multipart/mixed; boundary=x(why)"), body("x")))
    add("boundary-longer-lines", EXE, message(head('multipart/mixed; boundary="x"'), body("xtra")))
    add("boundary-trailing-blanks", EXE, message(head('multipart/mixed; boundary="x "'), body("x").replace("--x\n", "--x \t\n")))
    add("content-type-twice", EXE, message(head("text/plain") + head('multipart/mixed; boundary="x"'), body("x")))
    add("not-closed", EXE, message(head('multipart/mixed; boundary="x"'), body("x", "")))
    add("after-the-end", EXE, message(head('multipart/mixed; boundary="x"'), f"--x\n{WORDS}\n--x--\n--x\n{bad}\n--x--\n"))
    add("nested", EXE, mixed(WORDS, "Content-Type: multipart/related; boundary=in\n\n--in\n" + bad + "\n--in--\n"))
    add("nested-not-closed", EXE, mixed(WORDS, "Content-Type: multipart/related; boundary=in\n\n--in\n" + bad + "\n"))
    add("nested-same-boundary", EXE, mixed(WORDS, "Content-Type: multipart/related; boundary=b1\n\n--b1\n" + bad + "\n--b1--\n"))
    add("attached-message", EXE, mixed(WORDS, "Content-Type: message/rfc822\n\nSubject: in\nContent-Type: multipart/mixed; boundary=in\n\n--in\n" + bad + "\n--in--\n"))
    add("attached-message-base64", EXE, mixed(WORDS, part("Content-Type: message/rfc822\n", mixed(WORDS, bad, boundary="in"))))
    add("attached-eml", EXE, mixed(WORDS, part('Content-Type: application/octet-stream; name="a.eml"\n', mixed(WORDS, bad, boundary="in"))))
    add("digest", EXE, message(head("multipart/digest; boundary=x"), f"--x\n\nContent-Type: multipart/mixed; boundary=in\n\n--in\n{bad}\n--in--\n--x--\n"))
    add("garbage-in-header", EXE, mixed(WORDS, 'Content-Type: application/octet-stream;\nthis is no field\nContent-Disposition: attachment; filename="virus.exe"\n\nx\n'))
    add("garbage-ends-header", "refuse_types: pe", mixed(WORDS, "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n" + b64(PE) + "\n" + b64(TEXT)))
    add("encoded-multipart", EXE, message(head("multipart/mixed; boundary=x") + "Content-Transfer-Encoding: base64\n", b64(body("x").encode())))
    add("encoding-twice", "refuse_types: pe", mixed(WORDS, "Content-Type: image/gif\nContent-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n" + b64(PE)))
    add("encoding-unknown", "refuse_types: pe", mixed(WORDS, "Content-Type: image/gif\nContent-Transfer-Encoding: x-unknown\n\n" + b64(PE)))
    add("encoding-odd-word", "refuse_types: pe", mixed(WORDS, 'Content-Type: image/gif\nContent-Transfer-Encoding: "base64";\n\n' + b64(PE)))
    add("padding-in-the-midst", "refuse_types: pe", mixed(WORDS, "Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\nTVo=\n" + b64(PE[2:])))
    add("padding-passed-over", "refuse_types: pe", mixed(WORDS, "Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\nT=VqQ=\n" + b64(PE)[4:]))
    add("uuencode", EXE, message("", "Hello\n\nbegin 644 virus.exe\n" + binascii.b2a_uu(PE[:45]).decode() + "`\nend\n"))
    add("uuencode-other-name", "refuse_types: pe", message("", "Hello\n\nbegin 644 picture.gif\n" + binascii.b2a_uu(PE[:45]).decode() + "`\nend\n"))
    add("uuencode-base64", EXE, message("", "Hello\n\nbegin-base64 644 virus.exe\n" + b64(PE) + "====\n"))
    add("yenc", EXE, message("", "=ybegin line=128 size=64 name=virus.exe\nxyz\n=yend size=64\n"))
    deep = bad
    for level in range(60):
        deep = f"Content-Type: multipart/mixed; boundary=n{level}e\n\n--n{level}e\n{deep}\n--n{level}e--\n"
    add("very-deep", "over_limit: parts", mixed(WORDS, deep))


# Types and archives

def content():
    attached("pe-as-gif", "picture.gif", PE, "refuse_types: pe", "image/gif")
    add("pe-as-text", "refuse_types: pe", mixed(part('Content-Type: text/plain; name="readme.txt"\n')))
    add("pe-quoted-printable", "refuse_types: pe", mixed(WORDS, part('Content-Type: application/pdf; name="a.pdf"\n', quopri.encodestring(PE), "quoted-printable")))
    attached("elf", "readme", ELF, "refuse_types: elf")
    attached("mach-o", "readme", b"\xcf\xfa\xed\xfe\x07\0\0\x01" + bytes(24), "refuse_types: mach-o")
    attached("mach-o-fat", "readme", b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(24), "refuse_types: mach-o")
    attached("java-class", "readme.dat", b"\xca\xfe\xba\xbe\0\0\0\x37" + bytes(24), "refuse_types: java")
    attached("script", "readme.txt", b"#!/bin/sh\necho hello\n", "refuse_types: script")
    attached("script-of-windows", "readme.txt", b'Set s = CreateObject("WScript.Shell")\n', "refuse_types: windows-script")
    attached("script-utf-16", "readme.txt", "\ufeff@echo off\n".encode("utf-16le"), "refuse_types: windows-script")
    attached("shortcut", "holiday.jpg", b"\x4c\0\0\0\x01\x14\x02\0" + bytes(68), "refuse_types: shortcut")
    attached("onenote", "notes.dat", bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(32), "refuse_types: onenote")
    attached("help", "notes.dat", b"ITSF\x03\0\0\0" + bytes(32), "refuse_types: help")
    attached("ole-macros", "letter.doc", compound("Macros", "VBA", "_VBA_PROJECT", "WordDocument"), "refuse_types: macro")
    attached("installer", "setup.dat", compound("x", root=bytes.fromhex("84100c0000000000c000000000000046")), "refuse_types: installer")
    attached("office-macros", "letter.docx", zipped(*OFFICE, ("word/vbaProject.bin", b"x")), "refuse_types: macro")
    attached("office-old-macros", "sheet.xlsx", zipped(*OFFICE, ("xl/macrosheets/sheet1.xml", b"<x/>")), "refuse_types: macro")
    attached("zip", "a.zip", zipped(("virus.exe", PE)), EXE)
    attached("zip-as-pdf", "a.pdf", zipped(("virus.exe", PE)), EXE, "application/pdf")
    attached("zip-renamed-inside", "a.zip", zipped(("picture.gif", PE)), "refuse_types: pe")
    attached("zip-in-zip", "a.zip", zipped(("b.zip", zipped(("c.zip", zipped(("virus.exe", TEXT)))))), EXE)
    attached("zip-unicode-name", "a.zip", zipped(("v\u00efrus\uff0e\uff45xe", TEXT)), EXE)
    attached("zip-stored", "a.zip", zipped(("virus.exe", PE), method=zipfile.ZIP_STORED), EXE)
    attached("zip-bzip2", "a.zip", zipped(("virus.exe", PE), method=zipfile.ZIP_BZIP2), EXE)
    attached("zip-lzma", "a.zip", zipped(("x.dat", PE), method=zipfile.ZIP_LZMA), "refuse_types: pe")
    attached("zip-with-something-before", "a.zip", b"Some words before.\n" * 10 + zipped(("virus.exe", PE)), EXE)
    hidden = zipped(("virus.exe", PE))
    shown = zipped(("a.txt", TEXT))
    split = shown.index(b"PK\x01\x02")
    attached("zip-entry-not-in-directory", "a.zip", hidden[: hidden.index(b"PK\x01\x02")] + shown, EXE)
    directory = bytearray(zipped(("virus.exe", PE)))
    place = directory.rindex(b"virus.exe")
    directory[place:place + 9] = b"virus.txt"
    attached("zip-two-names", "a.zip", bytes(directory), EXE)
    attached("zip-cut-off", "a.zip", zipped(("a.dat", os.urandom(0) + bytes(range(256)) * 40))[:200], "broken")
    attached("zip-locked-name", "a.zip", locked_zip(("virus.exe", PE)), EXE)
    attached("tar", "a.tar", tarred(("virus.exe", PE)), EXE)
    attached("tar-gz", "a.tar.gz", gzip.compress(tarred(("virus.exe", PE)), mtime=0), EXE)
    attached("tar-long-name", "a.tar", tarred(("x" * 150 + ".exe", PE), format=tarfile.GNU_FORMAT), EXE)
    attached("tar-bz2", "a.tbz", bz2.compress(tarred(("virus.exe", PE))), EXE)
    attached("tar-xz", "a.txz", lzma.compress(tarred(("virus.exe", PE))), EXE)
    zstd = subprocess.run(["zstd", "-q", "-c"], input=tarred(("virus.exe", PE)), stdout=subprocess.PIPE, check=True).stdout
    attached("tar-zstd", "a.tar.zst", zstd, EXE)
    attached("gz-alone", "virus.exe.gz", gzip.compress(TEXT, mtime=0), EXE)
    attached("gz-of-program", "report.gz", gzip.compress(PE, mtime=0), "refuse_types: pe")
    attached("xz-in-gz-in-bz2", "a.bz2", bz2.compress(gzip.compress(lzma.compress(PE), mtime=0)), "refuse_types: pe")
    attached("7z", "a.7z", seven(("virus.exe", PE)), EXE)
    attached("7z-renamed-inside", "a.7z", seven(("virus.txt", PE)), "refuse_types: pe")
    attached("rar4", "a.rar", rar4(b"virus.exe", PE), EXE)
    attached("rar5", "a.rar", rar5(b"virus.exe", PE), EXE)
    attached("cab", "a.dat", cab(b"virus.exe", PE), EXE)
    attached("lha", "a.lzh", lha(b"virus.exe", PE), EXE)
    attached("cpio", "a.cpio", cpio(b"virus.exe", PE), EXE)
    attached("iso", "a.dat", iso(b"VIRUS.EXE", PE), "refuse_types: disk-image")
    attached("vhd", "a.dat", b"conectix" + bytes(504), "refuse_types: disk-image")
    attached("jar-as-zip", "a.zip", zipped(("META-INF/MANIFEST.MF", b"x"), ("A.class", b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(20))), "refuse_extensions: class")
    attached("eml-in-zip", "a.zip", zipped(("a.eml", mixed(WORDS, part('Content-Type: application/octet-stream; name="virus.exe"\n'), boundary="in"))), EXE)
    attached("tnef", "winmail.dat", tnef(b"virus.exe", PE), EXE, "application/ms-tnef")
    attached("tnef-long-name", "winmail.dat", tnef(b"VIRUS~1.TXT", TEXT, "virus.exe"), EXE, "application/ms-tnef")
    attached("tnef-renamed", "winmail.dat", tnef(b"a.gif", PE), "refuse_types: pe", "application/ms-tnef")
    attached("deep-zips", "a.zip", nest(8), "over_limit: depth")
    attached("bomb-gz", "a.gz", gzip.compress(gzip.compress(b"a" * (30 << 20), mtime=0), mtime=0), "over_limit: ratio")


def nest(levels):
    data = zipped(("a.txt", TEXT))
    for _ in range(levels):
        data = zipped(("a.zip", data))
    return data


def innocent():
    passes = lambda name, data: add("ok-" + name, "pass", data)
    file = lambda name, filename, data, type="application/octet-stream": attached("ok-" + name, filename, data, "pass", type)
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    pdf = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
    file("executive", "report.executive.pdf", pdf, "application/pdf")
    file("exe-within-word", "executables-list.txt", TEXT, "text/plain")
    file("exe-before", "how-to-open-an.exe.pdf", pdf, "application/pdf")
    file("picture", "holiday.png", png, "image/png")
    file("picture-mz", "MZ.jpg", b"\xff\xd8\xff\xe0MZ" + bytes(20), "image/jpeg")
    passes("text-mz", message("Content-Type: text/plain\n", "MZ is how this begins.\nNot a program at all, only text that goes on for some time.\n"))
    file("text-file-mz", "mz.txt", b"MZ is how this begins, and it goes on as text does, for a while, until it ends.\n", "text/plain")
    passes("plain", message("Content-Type: text/plain; charset=utf-8\n", "Have you seen virus.exe? name=virus.exe\n"))
    passes("no-type", message("", "Hello\n"))
    passes("html", mixed(WORDS, part("Content-Type: text/html\n", b"<script>new ActiveXObject('x')</script>", "7bit"), kind="multipart/alternative"))
    disposition("ok-rfc2231", "attachment; filename*=utf-8''%C3%9Cbersicht%202026.pdf", "pass", pdf)
    disposition("ok-rfc2047", 'attachment; filename="=?utf-8?B?%s?="' % base64.b64encode("Übersicht.pdf".encode()).decode(), "pass", pdf)
    disposition("ok-cyrillic", "attachment; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.docx", "pass", zipped(*OFFICE))
    disposition("ok-cyrillic-site", "attachment; filename*=utf-8''%D0%9E%D1%82%D1%87%D1%91%D1%82%20%D0%BF%D0%BE%D1%87%D1%82%D0%B0.%D1%80%D1%83", "pass")
    disposition("ok-hebrew-mark", "attachment; filename*=utf-8''%D7%93%D7%95%D7%97%E2%80%8F.pdf", "pass", pdf)
    disposition("ok-japanese", "attachment; filename=\"=?iso-2022-jp?B?GyRCSnM5cBsoQi5wZGY=?=\"", "pass", pdf)
    disposition("ok-blanks", 'attachment; filename="Minutes of 3.4.2026, 2nd draft .pdf"', "pass", pdf)
    file("docx", "letter.docx", zipped(*OFFICE), "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
    file("doc", "letter.doc", compound("WordDocument", "1Table"), "application/msword")
    file("zip", "pictures.zip", zipped(("a.png", png), ("b/c.pdf", pdf)), "application/zip")
    file("zip-empty", "empty.zip", zipped(), "application/zip")
    file("zip-umlaut", "a.zip", zipped(("Übersicht.pdf", pdf)), "application/zip")
    file("tar-gz", "data.tar.gz", gzip.compress(tarred(("data/a.csv", b"1,2\n"), ("data/b.csv", b"3,4\n")), mtime=0), "application/gzip")
    file("7z", "data.7z", seven(("a.csv", b"1,2\n")), "application/x-7z-compressed")
    file("gz", "log.txt.gz", gzip.compress(TEXT, mtime=0), "application/gzip")
    file("nested-zips", "a.zip", nest(3), "application/zip")
    file("calendar", "invite.ics", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "text/calendar")
    file("vcard", "bob.vcf", b"BEGIN:VCARD\nEND:VCARD\n", "text/vcard")
    file("csv", "figures.csv", b"1,2,3\n", "text/csv")
    file("random", "data.dat", bytes((n * 7 + n // 256 * 13) & 255 for n in range(2000)), "application/octet-stream")
    file("lzma-like", "data.dat", b"\x5d\0\0" + bytes(range(200)), "application/octet-stream")
    file("tnef", "winmail.dat", tnef(b"a.pdf", pdf), "application/ms-tnef")
    file("signature", "smime.p7s", b"\x30\x82\x01\0" + bytes(80), "application/pkcs7-signature")
    passes("signed", mixed(WORDS, part('Content-Type: application/pgp-signature; name="signature.asc"\n', b"-----BEGIN PGP SIGNATURE-----\n\nxyz\n-----END PGP SIGNATURE-----\n", "7bit"), kind="multipart/signed"))
    passes("attached-message", mixed(WORDS, "Content-Type: message/rfc822\n\nSubject: in\n\nHello\n"))
    passes("report", mixed(WORDS, "Content-Type: message/delivery-status\n\nReporting-MTA: dns; a\n", "Content-Type: text/rfc822-headers\n\nSubject: x\n", kind="multipart/report"))
    passes("begin-in-text", message("", "Let us\nbegin 644 times\nbegin with this.\nend\n".replace("begin 644 times", "begin 6 times")))
    passes("dashes", mixed(part("Content-Type: text/plain\n", b"Hi\n\n-- \nBob\n--\n---- original ----\n--b2\n", "7bit")))
    passes("forwarded-inline", mixed(WORDS, part('Content-Type: text/plain\nContent-Disposition: inline; filename="a.patch"\n', b"diff --git a/x b/x\n--- a/x\n+++ b/x\n", "7bit")))
    add("ok-locked-zip", "tag encrypted", mixed(WORDS, part('Content-Type: application/zip; name="a.zip"\n', locked_zip(("a.pdf", pdf)))))
    add("ok-locked-7z", "tag encrypted", mixed(WORDS, part('Content-Type: application/zip; name="a.7z"\n', seven(("a.pdf", pdf), options=("-psecret", "-mhe=on")))))
    add("ok-locked-document", "tag encrypted", mixed(WORDS, part('Content-Type: application/msword; name="a.docx"\n', compound("EncryptedPackage", "EncryptionInfo"))))


def main():
    names()
    structure()
    content()
    innocent()
    os.makedirs(HERE, exist_ok=True)
    for old in os.listdir(HERE):
        if old.endswith(".eml") and old[:-4] not in files:
            os.unlink(os.path.join(HERE, old))
    for name, data in files.items():
        with open(os.path.join(HERE, name + ".eml"), "wb") as file:
            file.write(data)
    print(f"{len(files)} messages, {sum(name.startswith('ok-') for name in files)} of them innocent")


if __name__ == "__main__":
    sys.exit(main())
