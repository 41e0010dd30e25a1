#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C file that asserts, for every LX_NAME of one ABI header, that it equals the host's NAME.

gen_check.py HEADER OUTPUT HOST_HEADER... [+ENUM_PREFIX...] [-SKIPPED_NAME...]
A name the host headers do not define as a macro is passed over, unless a +PREFIX says it is an enumerator.
"""
import re
import sys

header, output, *rest = sys.argv[1:]
hosts = [r for r in rest if r[0] not in '+-']
enums = tuple(r[1:] for r in rest if r[0] == '+')
skipped = {r[1:] for r in rest if r[0] == '-'}

path = re.sub(r'.*/include/abi/(arch-\w+/)?', '', header)
path = path[len('abi/'):] if path.startswith('abi/') else path
names = re.findall(r'^#define LX_(\w+)[ \t]+[^" \t]', open(header).read(), re.M)  # no strings
with open(output, 'w') as out:
    # the checks need no library, so kernel and libc headers can both be used, each in its own file
    # ours first: libc has macros with the names of fields
    out.write(f'#include <abi/{path}>\n\n')
    for host in hosts:
        out.write(f'#include <{host}>\n')
    out.write('#define SAME(name) _Static_assert((unsigned long long)(LX_##name) == '
              '(unsigned long long)(name) || \\\n\t(sizeof(name) == 4 && (unsigned int)(LX_##name) == '
              '(unsigned int)(name)), #name)\n')
    for name in names:
        if name in skipped:
            continue
        if enums and name.startswith(enums):
            out.write(f'SAME({name});\n')
        else:
            out.write(f'#ifdef {name}\nSAME({name});\n#endif\n')
    out.write('\nextern int abi_check_anchor;\n')
