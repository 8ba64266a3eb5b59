/** An assignment's text says what the message says, is checked like every message, and its document only once. */
import { JobAssign } from '@casare/shared/protocol';
import { expect, it } from 'vitest';
import { assignmentText, writeAssignment } from './assignment-text.ts';

const DIGEST = '0'.repeat(64);

function message(document: unknown, change: object = {}): JobAssign {
  return {
    type: 'job.assign',
    jobId: '01890a5d-ac96-774b-bcce-b302099a8057',
    attempt: 2,
    generation: 1,
    workflow: { namespace: 'acme', name: 'noop', version: '1.0.0', digest: DIGEST, document: document as never },
    input: { text: '"},{"' },
    secrets: { key: 'quoted "' },
    slot: 'plain',
    onDisconnect: 'continue',
    journal: [],
    artifacts: [],
    ...change,
  };
}

it('is the message, as the protocol has it', () => {
  const document = { do: [{ act: { set: { done: '}"' } } }] };
  const plain = message(document, { unknown: 1 });
  const text = writeAssignment(plain)!;
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(JobAssign.parse(plain))));
  expect(assignmentText(plain)).toBe(text);
});

it('belongs to the object that was checked alone', () => {
  const written = message({ do: [] });
  writeAssignment(written);
  expect(assignmentText({ ...written })).toBeUndefined();
});

it.each([
  ['a member', message({ do: [] }, { attempt: 0 })],
  ['the document', message({ do: undefined, more: () => 1 })],
  ['a document that is nothing', message(undefined)],
])('is none when %s is not of the protocol', (_, wrong) => {
  expect(writeAssignment(wrong)).toBeNull();
  expect(assignmentText(wrong)).toBeUndefined();
});

it('of many jobs of one workflow looks at the document once, and at each job by itself', () => {
  let looks = 0;
  const document = {
    get do() {
      looks += 1;
      return [];
    },
  };
  const first = writeAssignment(message(document));
  const once = looks;
  const second = writeAssignment(message(document, { attempt: 3 }));
  expect(second).toBe(first!.replace('"attempt":2', '"attempt":3'));
  expect(looks).toBe(once);
  expect(writeAssignment(message(document, { attempt: 0 }))).toBeNull();
});
