import { describe, expect, it } from 'vitest';
import { invoiceWorkflow, runIt, StepDoubles } from './engine.fixture.ts';

describe('smoke', () => {
  it('set', async () => {
    const ran = await runIt("do:\n  - a: { set: { x: '${ .n + 1 }' } }", { input: { n: 1 } });
    console.log(JSON.stringify(ran.bodies, null, 1));
    expect(ran.ending).toEqual({ type: 'run.completed', output: { x: 2 } });
    invoiceWorkflow();
    new StepDoubles();
  });
});
