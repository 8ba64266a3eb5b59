import { expect, test, vi } from 'vitest';
import { Events, topic } from './events.ts';
import { silentLog } from './log.ts';

test('a listener that fails is logged and hurts nobody; one that left hears nothing', () => {
  const log = { ...silentLog, error: vi.fn() };
  const events = new Events(log);
  const Ready = topic<{ route: number }>('ready');
  const heard: number[] = [];
  events.subscribe(Ready, () => {
    throw new Error('mine');
  });
  const leave = events.subscribe(Ready, ({ route }) => heard.push(route));
  events.publish(Ready, { route: 1 });
  leave();
  events.publish(Ready, { route: 2 });
  expect(heard).toEqual([1]);
  expect(log.error).toHaveBeenCalledTimes(2);
});
