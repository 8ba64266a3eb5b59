/** Whose process dials: asked of the system. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { peerUser } from './index.ts';

const DIAL = `require('net').createConnection(process.argv[1]).on('connect', () => process.stdin.resume())`;
/** Nobody, where Debian has it. */
const OTHER = 65_534;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-peer-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The user that is said of a process of this one, and of the socket once that is closed. */
async function saidOf(uid: number): Promise<(number | null)[]> {
  const path = join(folder, 'sock');
  const dialled = Promise.withResolvers<Socket>();
  const server = createServer(dialled.resolve);
  await new Promise<void>((resolve) => server.listen({ path, writableAll: true, readableAll: true }, resolve));
  const program = process.getuid?.() === uid ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, ['-e', DIAL, path], { ...program, stdio: ['pipe', 'ignore', 'ignore'] });
  const socket = await dialled.promise;
  const said = peerUser(socket);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.destroy();
  await closed;
  child.kill();
  server.close();
  return [said, peerUser(socket)];
}

test('a process of this user', async () => {
  const own = process.getuid?.() ?? -1;
  expect(await saidOf(own)).toEqual([own, null]);
});

test.skipIf(process.getuid?.() !== 0)('a process of another user (root alone can start one)', async () => {
  expect(await saidOf(OTHER)).toEqual([OTHER, null]);
});
