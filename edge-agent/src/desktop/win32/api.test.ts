/** How functions of Windows are declared. */
import { expect, test } from 'vitest';
import { paddedCall } from './api.ts';

test('a call has arguments to spare, behind its own', () => {
  const { padded, padding } = paddedCall('bool __stdcall IsWindow(size_t)');
  expect(padded).toBe(`bool __stdcall IsWindow(size_t${', size_t'.repeat(7)})`);
  expect(padding).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(paddedCall('size_t __stdcall GetForegroundWindow()').padding).toHaveLength(8);
  expect(paddedCall('int f(int, int, int, int, int, int, int, int, int)')).toEqual({
    padded: 'int f(int, int, int, int, int, int, int, int, int)',
    padding: [],
  });
});
