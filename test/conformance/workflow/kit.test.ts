/**
 * The conformance kit of the Open Workflow Specification, unmodified, through the real engine with the agent's own steps;
 * its servers are stubs on loopback. `CASARE_CTK` names its folder, by default `../shared/workflow/ctk`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readFeature } from './gherkin.ts';
import { runScenario } from './steps.ts';
import { Stubs } from './stubs.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const FOLDER = path.resolve(ROOT, process.env['CASARE_CTK'] ?? '../shared/workflow/ctk');

if (!existsSync(FOLDER)) {
  test.skip(`conformance kit: there is no folder ${path.relative(ROOT, FOLDER)}; name it by CASARE_CTK`, () =>
    undefined);
} else {
  let stubs: Stubs;
  beforeAll(async () => {
    checkSums();
    stubs = await Stubs.start();
  });
  afterAll(() => stubs.close());
  for (const file of readdirSync(FOLDER)
    .filter((name) => name.endsWith('.feature'))
    .sort()) {
    const scenarios = readFeature(readFileSync(path.join(FOLDER, file), 'utf8'), file);
    describe(`conformance kit, ${file}`, () => {
      for (const scenario of scenarios) test(scenario.name, () => runScenario(scenario, stubs));
    });
  }
}

/** It is the kit as it was published: every file has its recorded digest. */
function checkSums(): void {
  const list = path.join(FOLDER, 'SHA256SUMS');
  if (!existsSync(list)) return;
  for (const line of readFileSync(list, 'utf8').trim().split('\n')) {
    const [, sum, name = ''] = /^([0-9a-f]{64})\s+\*?(.+)$/.exec(line) ?? [];
    const digest = createHash('sha256')
      .update(readFileSync(path.join(FOLDER, name)))
      .digest('hex');
    if (digest !== sum) throw new Error(`${name} of the kit was changed: conformance says nothing`);
  }
}
