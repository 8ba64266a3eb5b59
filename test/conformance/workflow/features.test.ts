/** Our own features: what the kit leaves out, in its language and through the same engine. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readFeature } from './gherkin.ts';
import { runScenario } from './steps.ts';
import { Stubs } from './stubs.ts';

const FOLDER = path.resolve(import.meta.dirname, '../features');

let stubs: Stubs;
beforeAll(async () => {
  stubs = await Stubs.start();
});
afterAll(() => stubs.close());

for (const file of readdirSync(FOLDER)
  .filter((name) => name.endsWith('.feature'))
  .sort()) {
  const scenarios = readFeature(readFileSync(path.join(FOLDER, file), 'utf8'), file);
  describe(`features, ${file}`, () => {
    for (const scenario of scenarios) test(scenario.name, () => runScenario(scenario, stubs));
  });
}
