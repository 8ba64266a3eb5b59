/** What is kept of a step is what stands nearest to it in the text, kind by kind, and nothing of where it is called from. */
import { afterAll, expect, test } from 'vitest';
import { removeRunFolders, runIt, StepDoubles } from './engine-for-tests.ts';

afterAll(removeRunFolders);

test('a task goes before those around it, and these before the document; other kinds stay as they are', async () => {
  const seen: Record<string, string> = {};
  const steps = new StepDoubles().add('test.see', {}, ({ as }, { evidence }) => {
    seen[String(as)] = `${evidence.screenshots} ${evidence.network} ${evidence.trace}`;
    return null;
  });
  const { ending } = await runIt(
    `document:
  { dsl: '1.0.3', namespace: test, name: test, version: '1.0.0', metadata: { rpa: { record: { screenshots: always } } } }
use:
  functions:
    called: { call: test.see, with: { as: function } }
do:
  - plain: { call: test.see, with: { as: document } }
  - around:
      metadata: { rpa: { record: { screenshots: never, network: always } } }
      do:
        - own: { call: test.see, with: { as: own }, metadata: { rpa: { record: { network: never } } } }
        - loop:
            for: { in: '\${ [1] }' }
            do:
              - inherited: { call: test.see, with: { as: inherited } }
        - calling: { call: called }
  - behind: { call: test.see, with: { as: behind } }
`,
    { steps },
  );
  expect(ending.type).toBe('run.completed');
  expect(seen).toEqual({
    document: 'always onFailure onFailure',
    own: 'never never onFailure',
    inherited: 'never always onFailure',
    function: 'always onFailure onFailure',
    behind: 'always onFailure onFailure',
  });
});
