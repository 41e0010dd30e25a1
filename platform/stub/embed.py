#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a binary file into a C array: embed.py NAME INPUT OUTPUT"""
import sys

name, src, dst = sys.argv[1:]
data = open(src, "rb").read()
with open(dst, "w") as f:
    f.write("/* generated from %s */\n#include <stddef.h>\n" % src.rsplit("/", 1)[-1])
    f.write("extern const unsigned char %s[];\nextern const size_t %s_size;\n" % (name, name))
    f.write("const size_t %s_size = %d;\n" % (name, len(data)))
    f.write("const unsigned char %s[] __attribute__((aligned(4096))) = {\n" % name)
    for i in range(0, len(data), 16):
        f.write("\t" + ", ".join("0x%02x" % b for b in data[i:i + 16]) + ",\n")
    f.write("};\n")
