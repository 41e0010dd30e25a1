#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# git: init, add, commit, branch, merge, log, gc, clone from a path, stash, status in a large tree.
exec 2>&1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b HOME=$PWD
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1
git config --global init.defaultBranch main; git config --global advice.detachedHead false; git config --global protocol.file.allow always; git config --global gc.auto 0; git config --global gc.autoDetach false; git config --global maintenance.auto false
git init -q r && cd r || exit 1
for i in $(seq 50); do mkdir -p d$((i % 7)); echo "file $i" > d$((i % 7))/f$i; done
git add . && git commit -qm first && git rev-parse HEAD && git status --short | wc -l
echo change >> d1/f1; git diff --stat; git commit -qam second; git log --oneline | cat
git checkout -q -b side HEAD~1; echo side > side; git add side; git commit -qm side; git checkout -q main; git merge -q -m merge side; git rev-parse HEAD
git log --graph --format=%s | cat; echo x >> d2/f2; git stash -q; git status --short; git stash pop -q; git status --short; git checkout -q .
git gc -q; git fsck; git count-objects -v | grep -E 'packs|in-pack'; git tag -a v1 -m tag; git describe
cd ..; git clone -q r c && cd c && git log -1 --format=%H && ls | wc -l; git blame d1/f1 | wc -l; git grep -c change; git archive HEAD | tar -t | wc -l; git bundle create -q ../b HEAD && git bundle verify -q ../b; echo $?
cd ..; git init -q big && cd big || exit 1
for d in $(seq ${BIG_DIRS:-40}); do mkdir d$d; for f in $(seq 500); do echo $((d * f)) > d$d/f$f; done; done
git add . && git commit -qm big && git status --short | wc -l; git ls-files | wc -l; echo y > d3/f77; rm d5/f5; git status --short; git rev-parse 'HEAD^{tree}'
