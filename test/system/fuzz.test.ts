/**
 * A client that reads the OpenAPI document tries every operation, as an owner of a tenant of its own, with what the document
 * allows and what it does not: no 5xx, no status, media type, header or field that the document does not have, and no operation
 * that forgets to ask who is calling.
 *
 * `CASARE_FUZZ_SECONDS` (60) and `CASARE_FUZZ_SEED` (1) make it longer or another one.
 */
import { api, ENDPOINTS } from '@casare/shared/api';
import { createClient } from '@casare/shared/client';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startTestControlPlane } from '../../control-plane/src/testing.ts';
import { findSchemathesis } from '../support/schemathesis.ts';

const SECONDS = Number(process.env['CASARE_FUZZ_SECONDS'] ?? 60);
const SEED = Number(process.env['CASARE_FUZZ_SEED'] ?? 1);
/** They end what the fuzzer calls with: it learns ids from answers. So they come last. */
const ENDS_ITSELF = ['apiKeys.revoke', 'apiKeys.rotate', 'accounts.act', 'accounts.setRole'];
/** It does not end by itself; its bounds have tests of their own. */
const ENDLESS = 'events.stream';

const fuzz = await findSchemathesis();
const reason = 'reason' in fuzz ? `: skipped, ${fuzz.reason}` : '';
const ids = (option: string, operations: readonly string[]) => operations.flatMap((id) => [option, id]);

test.skipIf('reason' in fuzz)(`every operation is as the OpenAPI document says${reason}`, async () => {
  if ('reason' in fuzz) return;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'casare-fuzz-'));
  const plane = await startTestControlPlane();
  try {
    const common = { url: plane.url, seed: SEED, report: path.join(folder, 'report.json') };
    const apiKey = await plane.keyOf('owner', 'fuzz');
    const others = ids('--exclude-operation-id', [...ENDS_ITSELF, ENDLESS]);
    const most = await fuzz({ ...common, apiKey, seconds: SECONDS, operations: others });
    // Else everything after the first moments would have been refused.
    await expect(createClient({ url: plane.url, apiKey }).call(api.auth.me)).resolves.toBeDefined();
    const last = await fuzz({
      ...common,
      apiKey: await plane.keyOf('owner', 'fuzz'),
      seconds: 5,
      operations: ids('--include-operation-id', ENDS_ITSELF),
    });
    console.log(`${most.requests + last.requests} requests to ${most.operations + last.operations} operations`);
    const faults = [...most.faults, ...last.faults];
    if (faults.length > 0) console.error(most.said.slice(0, 20_000), last.said.slice(0, 5_000));
    expect(faults).toEqual([]);
    // What a slow machine does not come to in the time is said above.
    expect(most.operations).toBeGreaterThan(ENDPOINTS.length / 2);
  } finally {
    await plane.close();
    await rm(folder, { recursive: true, force: true });
  }
});
