import { expect, it } from 'vitest';
import { logOfCauses, takeCauses } from './testing-causes.ts';

it('keeps why a control plane failed, the newest hundred times, and only once', () => {
  const log = logOfCauses();
  log.info('nothing is wrong');
  for (let times = 0; times < 101; times += 1)
    log.error('request failed', { request: `r-${times}`, error: new Error('deadlock') });
  const kept = takeCauses();
  expect([kept.length, takeCauses()]).toEqual([100, []]);
  expect(JSON.parse(kept[0]!)).toMatchObject({ request: 'r-1', error: { message: 'deadlock' } });
});
