/** When the control plane is told what an agent can do. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ToldAbilities } from './told-abilities.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function telling() {
  const state = { now: 'a', isLive: true, told: [] as string[] };
  const abilities = new ToldAbilities({
    proved: () => state.now,
    isLive: () => state.isLive,
    send: () => state.told.push(state.now),
  });
  return { state, abilities };
}

function greet({ state, abilities }: ReturnType<typeof telling>): void {
  state.isLive = false;
  abilities.greeted();
  state.isLive = true;
}

test('what is no news is not told, neither after a greeting nor after it was told', () => {
  const { state, abilities } = telling();
  greet({ state, abilities });
  abilities.consider();
  state.now = 'b';
  abilities.consider();
  vi.advanceTimersByTime(5_000);
  abilities.consider();
  expect(state.told).toEqual(['b']);
});

test('a host that says one thing and then another, over and over, is told of once in a second', () => {
  const { state, abilities } = telling();
  greet({ state, abilities });
  for (let turn = 0; turn < 1_000; turn += 1) {
    state.now = turn % 2 === 0 ? 'locked' : 'active';
    abilities.consider();
    vi.advanceTimersByTime(5);
  }
  expect(state.told.length).toBeLessThanOrEqual(6);
  // What holds at the end is told in any case.
  state.now = 'at last';
  abilities.consider();
  vi.advanceTimersByTime(1_000);
  expect(state.told.at(-1)).toBe('at last');
});

test('without a session nothing is told; what was found out meanwhile is, once there is one', () => {
  const { state, abilities } = telling();
  greet({ state, abilities });
  state.isLive = false;
  state.now = 'b';
  abilities.consider();
  expect(state.told).toEqual([]);
  state.isLive = true;
  abilities.consider();
  expect(state.told).toEqual(['b']);
});

test('what a greeting said of a session that was to replace a live one is told to the live one too', () => {
  const { state, abilities } = telling();
  greet({ state, abilities });
  state.now = 'b';
  abilities.greeted();
  abilities.consider();
  expect(state.told).toEqual(['b']);
});

test('what was taken back after such a greeting is told: the session that said it may be the one that lives', () => {
  const { state, abilities } = telling();
  greet({ state, abilities });
  state.now = 'b';
  abilities.consider();
  state.now = 'c';
  abilities.greeted();
  state.now = 'b';
  vi.advanceTimersByTime(1_000);
  expect(state.told).toEqual(['b', 'b']);
});
