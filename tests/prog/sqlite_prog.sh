#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sqlite3 with a write-ahead log, two processes at once, integrity check.
exec 2>&1
command -v sqlite3 > /dev/null || exit 77
sqlite3 db 'pragma journal_mode=wal; create table t(id integer primary key, v text);'
sqlite3 db "with recursive c(x) as (select 1 union all select x+1 from c where x<20000) insert into t(v) select 'row '||x from c; select count(*), sum(length(v)) from t;"
for p in 1 2 3; do (for i in $(seq 15); do sqlite3 -cmd '.timeout 20000' db "insert into t(v) values('p$p $i');" ; done) & done; wait
sqlite3 db 'select count(*) from t; pragma integrity_check; create index i on t(v); select v from t where v like "row 199%" order by v limit 3; pragma wal_checkpoint(truncate);'
sqlite3 db 'begin; delete from t; rollback; select count(*) from t; vacuum;'; ls db*
sqlite3 db 'select v from t order by v' | sha256sum; sqlite3 -csv db 'select id, v from t order by id limit 2'; sqlite3 db 'select * from nosuch'; echo "status $?"
