/** Who works when. */
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('nobody begins before all are there; then each in turn, one at a time', async () => {
  const turns = new Turns(['a', 'b']);
  const seen: string[] = [];
  const take = (name: string): void => void turns.take(name).then(() => seen.push(name));
  take('b');
  await turn();
  expect(seen).toEqual([]);
  take('a');
  await turn();
  expect(seen).toEqual(['a']);
  take('a');
  await turn();
  expect(seen).toEqual(['a', 'b']);
  take('b');
  await turn();
  expect(seen).toEqual(['a', 'b', 'a']);
});

test('who leaves is waited for no more', async () => {
  const turns = new Turns(['a', 'b', 'c']);
  const seen: string[] = [];
  const take = (name: string): void => void turns.take(name).then(() => seen.push(name));
  for (const name of ['a', 'b', 'c']) take(name);
  turns.leave('a');
  await turn();
  turns.leave('b');
  await turn();
  take('c');
  await turn();
  expect(seen).toEqual(['a', 'b', 'c', 'c']);
  turns.leave('c');
});
