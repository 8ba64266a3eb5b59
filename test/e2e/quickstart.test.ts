/** `npm start -- --once --json` in this checkout: cold home, warm home, and the ways it can go wrong. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { freePorts } from '../support/ports.ts';
import { ROOT } from '../support/program.ts';
import { identicalPdfs, quickStart } from '../support/quickstart.ts';
import { MONTH } from '../support/stack.ts';

const INVOICES = invoicesOf(MONTH).map((invoice) => `${invoice.number}.pdf`);
const command = [process.execPath, path.join(ROOT, 'scripts/start.mjs')] as const;

let base: string;
let home: string;
beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'casare-start-'));
  await chmod(base, 0o711);
  home = path.join(base, 'home');
});
afterEach(() => rm(base, { recursive: true, force: true }));

it('ends with the invoices of the month, and keeps everything for the next start', async () => {
  const ports = await freePorts(3);
  const first = await quickStart({ checkout: ROOT, home, ports, command: [...command] });
  expect(first).toMatchObject({ code: 0, result: { state: 'succeeded', output: { month: MONTH } } });
  expect((await identicalPdfs(home, first.result.job)).sort()).toEqual(INVOICES.sort());

  const second = await quickStart({ checkout: ROOT, home, ports, command: [...command] });
  expect(second).toMatchObject({ code: 0, result: { state: 'succeeded' } });
  expect(second.result.job).not.toBe(first.result.job);
  expect(second.screen).not.toContain('enrolling');

  // Other ports: the local agent's old address leads nowhere, so it is enrolled again.
  const moved = await quickStart({ checkout: ROOT, home, command: [...command] });
  expect(moved).toMatchObject({ code: 0, result: { state: 'succeeded' } });
});

it('says in one line which port is taken and what to set', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const started = quickStart({
    checkout: ROOT,
    home,
    command: [...command],
    env: { CASARE_TUNNEL_PORT: String(port) },
  });
  await expect(started).rejects.toThrow(new RegExp(`exit 1[^]*PORT_IN_USE[^\\n]*${port}[^\\n]*CASARE_TUNNEL_PORT`));
  taken.close();
});
