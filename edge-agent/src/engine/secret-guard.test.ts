import { expect, it, describe } from 'vitest';
import type { SecretRulesByName } from '@casare/shared/protocol';
import { runIt, StepDoubles } from './engine-for-tests.ts';
import type { StepContext } from './steps.ts';

const DOCUMENT = `
use: { secrets: [portal, free] }
input: { from: '\${ { p: $secrets.portal.password, f: $secrets.free } }' }
do:
  - a: { call: act, with: { value: '\${ .p }' } }`;

async function run(
  rules: SecretRulesByName,
  {
    asks = true,
    document = DOCUMENT,
    act = () => 'done',
  }: { asks?: boolean; document?: string; act?: (context: StepContext) => unknown } = {},
) {
  const doubles = new StepDoubles().add('act', {}, (_, context) => act(context));
  const steps = asks
    ? {
        find: (reference: string) => {
          const found = doubles.find(reference);
          return found && { ...found, asksWhereSecretsGo: true as const };
        },
      }
    : doubles;
  const secrets = { portal: { password: 'hunter22' }, free: 'free-value' };
  const { bodies, ending } = await runIt(document, { steps, secrets, secretRules: rules });
  const error = ending.type === 'run.failed' ? ending.error : null;
  return { ending: ending.type, error, calls: doubles.calls, all: JSON.stringify(bodies) };
}

describe('a secret with rules', () => {
  it('is given to the steps that it is for', async () => {
    for (const steps of [['act'], ['browser.*', 'act']]) {
      const { ending, calls } = await run({ portal: { steps } });
      expect([ending, calls[0]?.args]).toEqual(['run.completed', { value: 'hunter22' }]);
    }
  });

  it('is given to no other step, which does not begin', async () => {
    const { error, calls, all } = await run({ portal: { steps: ['browser.fill'] } });
    expect(error).toMatchObject({ code: 'SECRET_STEP_REFUSED', status: 403 });
    expect(error?.detail).toContain('browser.fill');
    expect(calls).toEqual([]);
    expect(all).toContain(`"certain":true`);
  });

  it('is asked about by the step, for each address', async () => {
    const asked: string[] = [];
    const { ending, error } = await run(
      { portal: { origins: ['https://portal.example.com'] } },
      {
        act: ({ checkSecretAddress }) => {
          checkSecretAddress?.('https://portal.example.com/x');
          asked.push('one');
          checkSecretAddress?.('https://evil.example/?p=hunter22');
          asked.push('two');
        },
      },
    );
    expect([ending, asked]).toEqual(['run.failed', ['one']]);
    expect(error).toMatchObject({ code: 'SECRET_ORIGIN_REFUSED' });
    expect(error?.detail).toBe(
      'It would go to https://evil.example, and it may only go to https://portal.example.com. Whoever stores it says where.',
    );
  });

  it('that is bound to origins is given to no step that does not ask', async () => {
    const { error, calls } = await run({ portal: { origins: ['https://portal.example.com'] } }, { asks: false });
    expect(error).toMatchObject({ code: 'SECRET_ORIGIN_REFUSED' });
    expect(calls).toEqual([]);
  });

  it('leaves steps alone that use another one', async () => {
    const other = await run(
      { portal: { steps: [], origins: [] } },
      { document: DOCUMENT.replace('.p }', '.f }'), act: ({ checkSecretAddress }) => checkSecretAddress ?? 'free' },
    );
    expect([other.ending, other.calls[0]?.args]).toEqual(['run.completed', { value: 'free-value' }]);
  });

  it('counts wherever its handle stands: inside texts, among others', async () => {
    const both = DOCUMENT.replace("'\\${ .p }'", '\'\\${ ["x" + .f, "Bearer " + .p] }\'').replace(
      "'${ .p }'",
      '\'${ ["x" + .f, "Bearer " + .p] }\'',
    );
    expect((await run({ portal: { steps: ['browser.fill'] } }, { document: both })).error?.code).toBe(
      'SECRET_STEP_REFUSED',
    );
    expect((await run({}, { document: both })).calls[0]?.args).toEqual({ value: ['xfree-value', 'Bearer hunter22'] });
  });
});
