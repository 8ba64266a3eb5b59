/** Node for Windows runs under the tests' own Wine, with what the agent needs of it: SQLite, TLS and loopback to Linux. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { runs } from '../support/process-tree.ts';
import { placeWindowsNode } from '../support/windows-node.ts';
import { startWine, wineOrReason, type Wine } from '../support/wine.ts';

const reason = await wineOrReason();

describe.skipIf(reason !== null)(skipName('Node for Windows, by Wine', reason), () => {
  let wine: Wine;
  let node: string;
  beforeAll(async () => {
    wine = await startWine();
    node = wine.path(await placeWindowsNode(path.join(wine.folder, 'Größe 42 Ж')));
  });
  afterAll(() => wine.stop());

  test('it says its version, and that it is on Windows', async () => {
    const { code, stdout } = await wine.run(node, ['-p', 'process.version + " " + process.platform']);
    expect({ code, stdout: stdout.trim() }).toEqual({ code: 0, stdout: 'v24.21.0 win32' });
  });

  test('files on drive C are seen from both sides', async () => {
    const file = path.join(wine.prefix, 'drive_c', 'Größe 42 Ж.txt');
    await writeFile(file, 'from Linux');
    const script = `const fs = require('fs'); console.log(fs.readFileSync(process.argv[1], 'utf8'));
      fs.writeFileSync(process.argv[1], 'from Windows')`;
    expect((await wine.run(node, ['-e', script, wine.path(file)])).stdout.trim()).toBe('from Linux');
    expect(await readFile(file, 'utf8')).toBe('from Windows');
  });

  test('SQLite writes a file, and a server on Linux is reached by loopback', async () => {
    const server = createServer((socket) => socket.end('from Linux'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await writeFile(
      path.join(wine.folder, 'probe.mjs'),
      `import { DatabaseSync } from 'node:sqlite';
       import { connect } from 'node:net';
       const database = new DatabaseSync('probe.db');
       database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (v TEXT)');
       connect(${port}, '127.0.0.1').on('data', (part) => {
         database.prepare('INSERT INTO t VALUES (?)').run(part.toString());
         console.log(database.prepare('SELECT v FROM t').get().v);
       });`,
    );
    const { stdout } = await wine.run(node, ['probe.mjs']);
    server.close();
    expect(stdout.trim()).toBe('from Linux');
    expect(existsSync(path.join(wine.folder, 'probe.db'))).toBe(true);
  });

  test('a program that does not end is ended after its time, and stopping ends all processes', async () => {
    await expect(wine.run(node, ['-e', 'setInterval(() => {}, 1000)'], { timeout: 3_000 })).rejects.toThrow(
      'took longer than 3000 ms',
    );
    expect(wine.processes().filter(({ command }) => command.includes('setInterval'))).toEqual([]);
    const other = await startWine();
    const left = other.start(other.path(await placeWindowsNode(other.folder)), ['-e', 'setInterval(() => {}, 1000)']);
    await expect.poll(() => other.processes().some(({ command }) => command.includes('setInterval'))).toBe(true);
    const all = other.processes().map(({ pid }) => pid);
    await other.stop();
    await left.ended;
    expect(all.filter((pid) => runs(pid))).toEqual([]);
    expect(existsSync(other.folder)).toBe(false);
    // And this one goes on.
    expect((await wine.run(node, ['-p', '6 * 7'])).stdout.trim()).toBe('42');
  });
});
