/** What happens on this machine; enrolling with a real control plane is in `test/e2e/agent-config.test.ts`. */
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJoinToken, joinTokenText } from '@casare/certs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentHome } from '../identity/index.ts';
import { enrolFirst, type FirstEnrolment } from './first-enrolment.ts';
import { eraseToken, tokenIn } from './join-token-file.ts';

let folder = '';
let tokenFile = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-first-'));
  tokenFile = join(folder, 'join-token');
});
afterEach(() => rmSync(folder, { recursive: true }));

function options(change: Partial<FirstEnrolment> = {}): FirstEnrolment {
  return {
    home: agentHome(join(folder, 'agent'), {}),
    // nothing listens at port 1
    join: () => ({ url: 'https://127.0.0.1:1', name: 'press 3', hostname: 'plant-7', declared: [] }),
    tokenFile,
    now: Date.now,
    random: () => 0,
    print: () => undefined,
    stopped: new Promise(() => undefined),
    ...change,
  };
}

test('without a token it says where to put one, and ends as refused', async () => {
  const attempt = enrolFirst(options());
  await expect(attempt).rejects.toMatchObject({ code: 'NOT_ENROLLED', exitCode: 3 });
  await expect(attempt).rejects.toThrow(tokenFile);
});

test('a control plane that cannot be reached is tried again until the agent is told to stop; the token stays', async () => {
  writeFileSync(tokenFile, joinTokenText(createJoinToken('a'.repeat(32))));
  const lines: string[] = [];
  const stop = Promise.withResolvers<void>();
  const print = (line: string): void => {
    lines.push(line);
    if (lines.length === 3) stop.resolve();
  };
  expect(await enrolFirst(options({ print, stopped: stop.promise }))).toBe(false);
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/^warn: UNREACHABLE: 127\.0\.0\.1:1 .*; next try in 1 s$/);
  expect(existsSync(tokenFile)).toBe(true);
});

test('what is no token ends the agent, and is not erased', async () => {
  writeFileSync(tokenFile, 'not a token\n');
  await expect(enrolFirst(options())).rejects.toMatchObject({ code: 'JOIN_TOKEN_MALFORMED', exitCode: 2 });
  expect(existsSync(tokenFile)).toBe(true);
});

test('a token is overwritten and unlinked; nothing else ever is', () => {
  writeFileSync(tokenFile, 'casare_abc\n');
  const other = join(folder, 'other-name');
  writeFileSync(other, 'precious');
  expect(() => eraseToken(other)).toThrow(expect.objectContaining({ code: 'JOIN_TOKEN_NOT_ERASED' }));
  expect(readFileSync(other, 'utf8')).toBe('precious');
  symlinkSync(tokenFile, join(folder, 'link'));
  expect(() => eraseToken(join(folder, 'link'))).toThrow(expect.objectContaining({ code: 'JOIN_TOKEN_NOT_ERASED' }));
  expect(tokenIn(tokenFile)).toBe('casare_abc');
  // a second name of the same bytes shows what became of them
  const again = join(folder, 'again');
  linkSync(tokenFile, again);
  eraseToken(tokenFile);
  expect(tokenIn(tokenFile)).toBeNull();
  expect(readFileSync(again)).toEqual(Buffer.alloc(11));
  eraseToken(tokenFile);
});
