#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# openssl: digests, ciphers, keys, certificates, a short speed run.
exec 2>&1
command -v openssl > /dev/null || exit 77
seq 100000 > data; openssl dgst -sha256 data; openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -S 0102030405060708 -in data | openssl dgst -sha1
openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -in data -out e && openssl enc -d -aes-256-cbc -pbkdf2 -pass pass:x -in e | cmp - data && echo round trip
openssl genrsa -out key 2048 2> /dev/null; openssl req -x509 -new -key key -subj /CN=test -days 1 -out crt && openssl x509 -in crt -noout -subject; openssl verify -CAfile crt crt
openssl dgst -sha256 -sign key -out sig data && openssl dgst -sha256 -verify <(openssl rsa -in key -pubout 2> /dev/null) -signature sig data
openssl rand -hex 16 | wc -c; openssl speed -seconds 1 -bytes 1024 sha256 2> /dev/null | grep -c sha256
