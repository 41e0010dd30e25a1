#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# node: fs promises, child_process, worker_threads, http on loopback, timers, streams.
exec 2>&1
command -v node > /dev/null || exit 77
cat > main.js <<'EOF'
const fs = require('fs').promises, cp = require('child_process'), http = require('http'), path = require('path');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
if (!isMainThread) { parentPort.postMessage(workerData * 2); } else (async () => {
  await fs.mkdir('nd/sub', { recursive: true });
  await fs.writeFile('nd/a.txt', 'x'.repeat(100000));
  await Promise.all([...Array(50).keys()].map(i => fs.writeFile(`nd/sub/${i}`, `${i}`)));
  console.log((await fs.readFile('nd/a.txt')).length, (await fs.readdir('nd/sub')).length, (await fs.stat('nd')).isDirectory());
  await fs.rename('nd/a.txt', 'nd/b.txt'); await fs.appendFile('nd/b.txt', 'end'); console.log((await fs.stat('nd/b.txt')).size);
  console.log(cp.execSync('echo from child').toString().trim());
  const c = cp.spawn('sh', ['-c', 'cat; exit 5']); c.stdin.end('to child'); let out = ''; c.stdout.on('data', d => out += d);
  console.log(await new Promise(r => c.on('close', code => r(code))), out);
  console.log(await Promise.all([1, 2, 3].map(n => new Promise((r, j) => { const w = new Worker(__filename, { workerData: n }); w.on('message', r); w.on('error', j); }))));
  const srv = http.createServer((q, s) => s.end('hello ' + q.url)).listen(0, '127.0.0.1', () => {
    http.get({ port: srv.address().port, path: '/p', host: '127.0.0.1' }, res => { let b = ''; res.on('data', d => b += d); res.on('end', () => { console.log(res.statusCode, b); srv.close(); }); }); });
  await new Promise(r => srv.on('close', r));
  await new Promise(r => setTimeout(r, 20)); process.on('SIGUSR2', () => { console.log('signal'); process.exit(3); }); process.kill(process.pid, 'SIGUSR2'); setTimeout(() => {}, 5000);
})();
EOF
node main.js; echo "status $?"
